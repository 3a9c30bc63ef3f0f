import { expect } from 'chai';
import fc from 'fast-check';
import { commentLine, docComment, lineComments } from '../../../lib/render/comments.js';
import { brokenLine } from '../../../lib/render/file.js';
import { codeText, literal, propertyKey, quote } from '../../../lib/render/text.js';
import { codeWith, parse } from '../../support/sourceCode.js';

/** Texts of the pieces that end a comment or a text, or begin code in one. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        '\r',
        '\r\n',
        '\u2028',
        '\u2029',
        '\u0085',
        '*/',
        '/*',
        '//',
        '`',
        '${',
        '}',
        "'",
        '"',
        '\\',
        '\\\\',
        '\0',
        '\u001b[31m',
        '\u202e',
        '\ufeff',
        '\ud800',
        '</script>',
        '--',
        ';',
        ' ',
        '\t',
        'PWNED()',
        'a',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

/** What a piece of JavaScript gives. */
const evaluate = (code: string): unknown => new Function(`return (${code});`)();

/** What a file keeps of a text when it is written in UTF-8. */
const written = (code: string): string => Buffer.from(code, 'utf8').toString('utf8');

describe('source text', () => {
  it('a text of JavaScript has the value of the text', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const code of [
          quote(text),
          codeText(text),
          codeText(`${text}\n${'x'.repeat(90)}`.slice(0, -91)),
          literal(text),
        ])
          expect(evaluate(written(code))).to.equal(text);
        const long = `${text}\n${'x'.repeat(100)}`;
        expect(evaluate(written(codeText(long)))).to.equal(long);
        expect(evaluate(`{ ${propertyKey(text)}: 1 }`)).to.deep.equal({ [text]: 1 });
      }),
      { numRuns: 2000 },
    );
  });

  it('nothing in a comment becomes code', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const comment of [
          commentLine(text),
          lineComments(text, '  ').join('\n'),
          docComment(text, '  '),
        ]) {
          const file = `${comment}\nexport const a = 1;\n`;
          parse(file);
          expect(codeWith('PWNED', file)).to.deep.equal([]);
          for (const unsafe of ['\r', '\u2028', '\u2029', '\u202e', '\u001b', '\0'])
            expect(file).to.not.include(unsafe);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a chain of calls that is too long is broken between its calls only', () => {
    const line = `t.string('a', 10).defaultTo(").x() ${'word '.repeat(30)}.y(').z()").notNullable().comment(\`).w()\`);`;
    const broken = brokenLine(line, '    ');
    expect(broken.split('\n').map((each) => each.trim().slice(0, 12))).to.deep.equal([
      "t.string('a'",
      '.defaultTo("',
      '.notNullable',
      '.comment(`).',
    ]);
    expect(broken.replace(/\n +/g, '').trim()).to.equal(line);
  });
});
