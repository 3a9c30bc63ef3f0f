import { styleText } from 'node:util';
import { withoutPasswords } from '../config/secrets.js';
import { ERROR_CODES, EXIT, type ExitCode, isKnexMetaError, KnexMetaError } from '../errors.js';

type Style = 'green' | 'red' | 'yellow' | 'cyan' | 'dim';

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** Where a command says something: lines for people, one document for machines. */
export class Output {
  readonly #options: OutputOptions;
  readonly #warnings: string[] = [];
  #secrets: readonly string[] = [];

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  get isVerbose(): boolean {
    return this.#options.verbose;
  }

  /** From now on these texts are never written. */
  hide(secrets: readonly string[]): void {
    this.#secrets = secrets;
  }

  style(style: Style, text: string): string {
    return this.#options.color ? styleText(style, text, { validateStream: false } as never) : text;
  }

  /** A line of the result; not with --json or --quiet. */
  line(text: string): void {
    if (!this.#options.json && !this.#options.quiet) process.stdout.write(`${this.#clean(text)}\n`);
  }

  /** A line beside the result: on stderr, so that a pipe gets the result alone. */
  note(text: string): void {
    if (!this.#options.json && !this.#options.quiet) process.stderr.write(`${this.#clean(text)}\n`);
  }

  warn(text: string): void {
    this.#warnings.push(this.#clean(text));
    if (!this.#options.json) process.stderr.write(`${this.style('yellow', this.#clean(text))}\n`);
  }

  /** The one document of --json. */
  document(data: object): void {
    if (!this.#options.json) return;
    const warnings = this.#warnings.length === 0 ? {} : { warnings: this.#warnings };
    process.stdout.write(`${this.#clean(JSON.stringify({ ...data, ...warnings }, undefined, 2))}\n`);
  }

  /** Says what went wrong; the stack only with --verbose. */
  error(thrown: unknown): ExitCode {
    const error = toKnexMetaError(thrown);
    const { code, message, remedy, details } = error;
    if (this.#options.json) {
      this.document({ ok: false, error: { code, message, remedy, details } });
    } else {
      const lines = [`${this.style('red', 'Error')} ${code}: ${message}`, ...(remedy === '' ? [] : [remedy])];
      process.stderr.write(`${this.#clean(lines.join('\n'))}\n`);
    }
    if (this.isVerbose) {
      for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
        process.stderr.write(`${this.#clean(String(cause.stack))}\n`);
      }
    }
    // An error of another copy of this package is no instance of our class.
    return ERROR_CODES[code] ?? EXIT.failed;
  }

  #clean(text: string): string {
    return withoutPasswords(text, this.#secrets);
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
