import type { LeftKind } from '../../lib/diff/options.js';
import { eachEngine } from '../support/databases.js';
import { loop } from '../support/loop.js';
import { sql } from './cases.js';

interface Case {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly rows?: string;
  readonly leave?: readonly LeftKind[];
}

const CASES: readonly Case[] = [
  {
    name: 'an enum loses a value, foreign keys join its columns',
    from: `create type role as enum ('guest', 'member', 'admin');
      create table roles (name role primary key, other role unique, label text);
      create table users (id int primary key, role role not null references roles (name) on delete cascade, o role references roles (other));
      create table pairs (r role, l int, primary key (r, l)); create table of_pairs (r role, l int, constraint p foreign key (r, l) references pairs);`,
    to: `create type role as enum ('member', 'admin');
      create table roles (name role primary key, other role unique, label text);
      create table users (id int primary key, role role not null references roles (name) on delete cascade, o role references roles (other));
      create table pairs (r role, l int, primary key (r, l)); create table of_pairs (r role, l int, constraint p foreign key (r, l) references pairs);`,
    rows: "insert into roles values ('member', 'admin'); insert into users values (1, 'member', 'admin'); insert into pairs values ('admin', 1); insert into of_pairs values ('admin', 1)",
  },
  {
    name: 'an enum loses a value, a domain is of it',
    from: `create type phase as enum ('one', 'two', 'three'); create domain open_phase as phase default 'one' check (value <> 'two');
      create table works (id int primary key, ph open_phase, ps open_phase[], raw phase);`,
    to: `create type phase as enum ('one', 'two'); create domain open_phase as phase default 'one' check (value <> 'two');
      create table works (id int primary key, ph open_phase, ps open_phase[], raw phase);`,
    rows: "insert into works values (1, 'one', null, 'two')",
  },
  {
    name: 'an enum loses a value, a composite type has it',
    from: `create type phase as enum ('one', 'two', 'three'); create type step as (n int, p phase);
      create table works (id int primary key, raw phase);
      create function step_of(p phase) returns step language sql as $$ select row(1, p)::step $$;`,
    to: `create type phase as enum ('one', 'two'); create type step as (n int, p phase);
      create table works (id int primary key, raw phase);
      create function step_of(p phase) returns step language sql as $$ select row(1, p)::step $$;`,
  },
  {
    name: 'a view changes, functions have its row type',
    from: `create table accounts (id int primary key, mail text not null, role text);
      create view v as select id, mail from accounts; create view w as select id from v;
      create function all_v() returns setof v language sql stable as $$ select * from v $$;
      create function one_w(x w) returns int language sql stable as $$ select (x).id $$;`,
    to: `create table accounts (id int primary key, mail text not null, role text);
      create view v as select id, role, mail from accounts; create view w as select id from v;
      create function all_v() returns setof v language sql stable as $$ select * from v $$;
      create function one_w(x w) returns int language sql stable as $$ select (x).id $$;`,
  },
  {
    name: 'a column under a view changes its type, a function has the row type of the view',
    from: `create table accounts (id int primary key, mail varchar(20)); create view v as select id, mail from accounts;
      create function all_v() returns setof v language sql stable as $$ select * from v $$;
      create view over as select * from all_v();`,
    to: `create table accounts (id int primary key, mail text); create view v as select id, mail from accounts;
      create function all_v() returns setof v language sql stable as $$ select * from v $$;
      create view over as select * from all_v();`,
  },
  {
    name: 'a view and the function of its row type change together',
    from: `create table accounts (id int primary key, mail text); create view v as select id from accounts;
      create function all_v() returns setof v language sql stable as $$ select * from v $$;`,
    to: `create table accounts (id int primary key, mail text); create view v as select mail, id from accounts;
      create function all_v() returns setof v language sql stable as $$ select * from v where id > 0 $$;`,
  },
  {
    name: 'a column changes its type under SQL-standard bodies',
    from: `create table coins (id int primary key, worth int not null);
      create function total() returns bigint language sql stable begin atomic select sum(worth) from coins; end;
      create function twice() returns bigint language sql stable begin atomic select total() * 2; end;`,
    to: `create table coins (id int primary key, worth bigint not null);
      create function total() returns bigint language sql stable begin atomic select sum(worth)::bigint from coins; end;
      create function twice() returns bigint language sql stable begin atomic select total() * 2; end;`,
  },
  {
    name: 'a column goes that a SQL-standard body had named',
    from: `create table coins (id int primary key, worth int not null, n int);
      create function total() returns bigint language sql stable begin atomic select sum(worth) from coins; end;`,
    to: `create table coins (id int primary key, n int);
      create function total() returns bigint language sql stable begin atomic select sum(n) from coins; end;`,
  },
  {
    name: 'row security and policies come',
    from: 'create table users (id int primary key, k int); create table a (id int primary key); alter table a enable row level security;',
    to: `create table users (id int primary key, k int); alter table users enable row level security; create policy p on users using (k > 0);
      create table a (id int primary key); alter table a enable row level security; alter table a force row level security;`,
  },
  {
    name: 'statistics of a column that changes its type',
    from: 'create table a (id int primary key, k int, l int); create statistics st on k, l from a; create statistics ex on (k + l) from a;',
    to: 'create table a (id int primary key, k bigint, l int); create statistics st on k, l from a; create statistics ex on (k + l) from a;',
  },
  {
    name: 'functions that call functions, in an index, a check, a default and a computed column',
    from: 'create table rows (k int); ',
    to: `set check_function_bodies to off; create function z(i int) returns int language plpgsql immutable as 'begin return public.y(i); end';
      create function y(i int) returns int language sql immutable as 'select 1';
      create function "X y"(i int) returns int language sql immutable as 'select public.z($1)';
      create function a_f(i int) returns int language sql immutable as 'select public."X y"($1) + public.z(1)';
      create function even(i int) returns boolean language sql immutable as 'select i = 0 or public.odd(i - 1)';
      create function odd(i int) returns boolean language sql immutable as 'select i <> 0 and public.even(i - 1)';
      create table a (k int default a_f(1), c int generated always as (a_f(k)) stored, check (even(k) or k > 0)); create index i on a (a_f(k));
      create table rows (k int check (a_f(k) > 0), c int generated always as (a_f(k)) stored); create index j on rows (a_f(k));`,
    rows: 'insert into rows values (1)',
  },
  {
    name: 'the last trigger, view and policy go with their functions',
    leave: ['trigger', 'view'],
    from: `create function stamp() returns trigger language plpgsql as $$ begin return new; end $$;
      create function one() returns int language sql stable as $$ select 1 $$;
      create function kept() returns int language sql stable as $$ select 2 $$;
      create table a (id int primary key); create trigger tr before insert on a for each row execute function stamp();
      create view v as select one() as x; create policy p on a using (id = one());`,
    to: `create function kept() returns int language sql stable as $$ select 2 $$; create table a (id int primary key);`,
  },
];

eachEngine('what depends on a thing that changes', (engine) => {
  if (engine.name !== 'postgresql') return;
  for (const { name, from, to, rows, leave = [] } of CASES)
    it(name, async () => {
      const change = { before: sql(from), after: sql(to), options: { leave } };
      await loop(engine, rows === undefined ? change : { ...change, rows: sql(rows) });
    });
});
