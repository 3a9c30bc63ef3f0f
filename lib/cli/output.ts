import { styleText } from 'node:util';
import { withoutPasswords } from '../config/secrets.js';
import { ERROR_CODES, EXIT, type ExitCode, isKnexMetaError, KnexMetaError } from '../errors.js';
import { escapeUnsafe } from '../render/escape.js';
import { openStdout, reserveStdout, type Stdout } from './stdout.js';

type Style = 'green' | 'red' | 'yellow' | 'cyan' | 'dim';

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** False switches colours off where a terminal would show them. */
  readonly color: boolean;
  /** Stdout is SQL, or a document, that another program may read: nothing else is written there. */
  readonly script?: boolean;
}

function styled(style: Style, text: string): string {
  return styleText(style, text, { validateStream: false } as never);
}

/** What `styled` puts around a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one.
const OWN_STYLES = /(\u001b\[(?:2|22|3[1236]|39)m)/;

/** Where a command says something: lines for people, one document for machines. */
export class Output {
  readonly #options: OutputOptions;
  readonly #stdout: Stdout;
  readonly #warnings: string[] = [];
  #secrets: readonly string[] = [];

  constructor(options: OutputOptions) {
    this.#options = options;
    this.#stdout = options.json || options.script ? reserveStdout() : openStdout();
  }

  get isVerbose(): boolean {
    return this.#options.verbose;
  }

  /** From now on these texts are never written in a message. */
  hide(secrets: readonly string[]): void {
    this.#secrets = [...this.#secrets, ...secrets];
  }

  /** For a part of a line of the result. */
  style(style: Style, text: string): string {
    return this.#options.color && process.stdout.isTTY === true ? styled(style, text) : text;
  }

  #styleBeside(style: Style, text: string): string {
    return this.#options.color && process.stderr.isTTY === true ? styled(style, text) : text;
  }

  /** A line of the result; not with --json or --quiet. Names stay as they are, except for control characters. */
  line(text: string): void {
    if (!this.#options.json && !this.#options.quiet)
      this.#stdout.write(`${this.#visible(withoutPasswords(text))}\n`);
  }

  /** A line about the project before the result; beside it where the result is SQL. */
  preamble(text: string): void {
    if (this.#options.script) this.note(text);
    else this.line(text);
  }

  /** SQL of the result, or a document, as it is: a script that is changed on the way could do something else. */
  sql(text: string): void {
    if (!this.#options.json && !this.#options.quiet) this.#stdout.write(`${text}\n`);
  }

  /** A line beside the result: on stderr, so that a pipe gets the result alone. */
  note(text: string, style?: Style): void {
    if (this.#options.json || this.#options.quiet) return;
    const clean = this.#visible(this.#clean(text));
    process.stderr.write(`${style === undefined ? clean : this.#styleBeside(style, clean)}\n`);
  }

  warn(text: string): void {
    const clean = this.#clean(text);
    this.#warnings.push(clean);
    if (!this.#options.json) process.stderr.write(`${this.#styleBeside('yellow', this.#visible(clean))}\n`);
  }

  /** The one document of --json. */
  document(data: object): void {
    if (!this.#options.json) return;
    const warnings = this.#warnings.length === 0 ? {} : { warnings: this.#warnings };
    this.#stdout.write(`${escapeUnsafe(JSON.stringify({ ...data, ...warnings }, undefined, 2), '\n')}\n`);
  }

  /** Says what went wrong; the stack only with --verbose. */
  error(thrown: unknown): ExitCode {
    const error = toKnexMetaError(thrown);
    const { code, details } = error;
    const message = this.#clean(error.message);
    const remedy = this.#clean(error.remedy);
    if (this.#options.json) {
      this.document({ ok: false, error: { code, message, remedy, details: this.#cleanData(details) } });
    } else {
      const lines = [
        `${this.#styleBeside('red', 'Error')} ${code}: ${this.#visible(message)}`,
        ...(remedy === '' ? [] : [this.#visible(remedy)]),
      ];
      process.stderr.write(`${lines.join('\n')}\n`);
    }
    if (this.isVerbose) {
      for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
        process.stderr.write(`${this.#visible(this.#clean(String(cause.stack)))}\n`);
      }
    }
    // An error of another copy of this package is no instance of our class.
    return ERROR_CODES[code] ?? EXIT.failed;
  }

  /** Gives stdout back. Nothing is written through this output after it. */
  end(): void {
    this.#stdout.release();
  }

  /** For people: a name or a message cannot move the cursor, hide text or colour it. */
  #visible(text: string): string {
    const shown = (part: string): string => escapeUnsafe(part.replaceAll('\r\n', '\n'), '\n\t');
    const hasStyles = this.#options.color && (process.stdout.isTTY || process.stderr.isTTY);
    if (!hasStyles) return shown(text);
    return text
      .split(OWN_STYLES)
      .map((part, at) => (at % 2 === 1 ? part : shown(part)))
      .join('');
  }

  #clean(text: string): string {
    return withoutPasswords(text, this.#secrets);
  }

  /** String by string: a secret that is taken out of the document's text could spoil the document. */
  #cleanData(data: object): unknown {
    const text = JSON.stringify(data, (_key, value: unknown) =>
      typeof value === 'string' ? this.#clean(value) : value,
    );
    return JSON.parse(text) as unknown;
  }
}

function toKnexMetaError(thrown: unknown): KnexMetaError {
  if (isKnexMetaError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new KnexMetaError('UNEXPECTED', message, {
    remedy: 'Run the command again with --verbose to see where it happened.',
    cause: thrown,
  });
}
