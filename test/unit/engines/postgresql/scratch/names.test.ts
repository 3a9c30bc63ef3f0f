import { expect } from 'chai';
import fc from 'fast-check';
import { scratchNames } from '../../../../../lib/engines/postgresql/scratch/names.js';

const names = () => scratchNames((name) => !/^[a-z_]+$/.test(name));
const has = (schema: string, name: string): boolean =>
  ['public', 'sales', 'Private'].includes(schema) && ['t', 'post'].includes(name);

describe('names of scratch schemas', () => {
  it('the same text comes back, however a schema is written in it', () => {
    const piece = fc.constantFrom(
      'public.t',
      'Public.t',
      'PUBLIC.post',
      '"public".t',
      '"Private".post',
      'Private.post',
      "'Public.t'",
      "'public.t'",
      'sales . t',
      'Sales.t',
      'sALES.t',
      'other.t',
      'public.other',
      ' ',
      "''",
      'x',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join(' ');
        const { toScratch, toReal } = names();
        expect(toReal(toScratch(text, has))).to.equal(text);
      }),
    );
  });

  it('what the server writes of it has the real name', () => {
    const { toScratch, toReal } = names();
    expect(toReal(toScratch('select * from Public.t', has).toLowerCase())).to.equal('select * from public.t');
    expect(toScratch('Public.t', has).toLowerCase()).to.equal(toScratch('public.t', has));
  });
});
