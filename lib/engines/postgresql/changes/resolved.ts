import { sameObject } from '../../../operations/operation.js';
import type { Column } from '../../../schema/column.js';
import type { Cast, Domain, TypeFacts } from '../../../schema/database.js';

/** A change of type with the types that values really have. */
export interface Resolved {
  /** The types: of a domain, what that is of. */
  readonly had: string;
  readonly has: string;
  /** The values of the enum that it becomes. */
  readonly values: readonly string[] | undefined;
  /** The domain that it becomes, where that looks at values. */
  readonly checkedBy: Domain | undefined;
  readonly casts: readonly Cast[];
  readonly timeZone: string | undefined;
}

const arrayOf = ({ type }: Pick<Column, 'type'>): string => (type.endsWith('[]') ? '[]' : '');

/** A domain by the text of a type. */
function domainNamed(type: string, domains: readonly Domain[]): Domain | undefined {
  const plain = type.replace('[]', '').replaceAll('"', '');
  return domains.find(({ schema, name }) => plain === name || plain === `${schema}.${name}`);
}

function domainsOf(column: Pick<Column, 'type' | 'userType'>, all: readonly Domain[]): readonly Domain[] {
  const found: Domain[] = [];
  let domain =
    all.find((each) => column.userType !== undefined && sameObject(each, column.userType)) ??
    (column.userType === undefined ? undefined : domainNamed(column.type, all));
  while (domain !== undefined && !found.includes(domain)) {
    found.push(domain);
    domain = domainNamed(domain.type, all);
  }
  return found;
}

/** The types of the values of a column that gets another type. */
export function resolve(
  from: Pick<Column, 'type' | 'userType'>,
  to: Pick<Column, 'type' | 'userType'>,
  { enums = [], domains = [], casts = [], timeZone }: TypeFacts,
): Resolved {
  const [before, after] = [domainsOf(from, domains), domainsOf(to, domains)];
  const typeOf = (column: Pick<Column, 'type'>, of: readonly Domain[]) =>
    of.length === 0 ? column.type : `${of.at(-1)?.type}${arrayOf(column)}`;
  const isNew = (domain: Domain) => !before.includes(domain);
  return {
    had: typeOf(from, before),
    has: typeOf(to, after),
    values: enums.find((each) => to.userType !== undefined && sameObject(each, to.userType))?.values,
    checkedBy: after.find((domain) => isNew(domain) && (domain.checks.length > 0 || !domain.nullable)),
    casts,
    timeZone,
  };
}
