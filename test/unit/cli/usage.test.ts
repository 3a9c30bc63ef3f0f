import { expect } from 'chai';
import { usageError } from '../../../lib/cli/usage.js';
import type { Command } from '../../../lib/commands/command.js';

const run: Command['run'] = async () => ({ data: {} });
const COMMANDS: readonly Command[] = [
  { command: 'migrate:latest', describe: '', examples: [], run },
  {
    command: 'migrate:list',
    aliases: ['migrate:status'],
    describe: '',
    examples: [],
    flags: { specific: { type: 'string', describe: '' } },
    run,
  },
];

const said = (argv: readonly string[], message: string): string =>
  usageError(argv, message, COMMANDS, ['verbose', 'json']).message;

describe('usage', () => {
  it('names the nearest command, also among other names of one', () => {
    expect(said(['migrate:lates'], 'Unknown argument: migrate:lates')).to.equal(
      'There is no command migrate:lates. Did you mean migrate:latest?',
    );
    expect(said(['migrate:statu'], '')).to.include('migrate:status');
  });

  it('names none where none is near', () => {
    expect(said(['deploy'], '')).to.equal('There is no command deploy.');
    expect(said(['migrate:latest', '--zzz'], 'Unknown argument: zzz')).to.equal('There is no flag --zzz.');
  });

  it('names the nearest flag, the command’s own too', () => {
    expect(said(['migrate:latest', '--verbos'], 'Unknown argument: verbos')).to.include('--verbose');
    expect(said(['migrate:list', '--specifik=x'], 'Unknown argument: specifik')).to.include('--specific');
  });

  it('what is no flag is not called one', () => {
    expect(said(['migrate:latest', 'b'], 'Unknown argument: b')).to.equal('Unknown argument: b');
  });

  it('sends to the help of the command that was meant', () => {
    expect(usageError(['migrate:list', '--x'], '', COMMANDS, []).remedy).to.include('migrate:list --help');
  });
});
