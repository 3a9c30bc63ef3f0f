import { expect } from 'chai';
import { hideLoaderWarnings } from '../../../lib/cli/warnings.js';

describe('warnings of Node', () => {
  it('how a file was loaded is kept back, anything else is shown', async () => {
    const before = process.listeners('warning');
    const shown: string[] = [];
    process.removeAllListeners('warning');
    process.on('warning', ({ message }) => void shown.push(message));
    try {
      hideLoaderWarnings();
      process.emitWarning(
        "Module type of file:///a/knexfile.ts is not specified and it doesn't parse as CommonJS.",
      );
      process.emitWarning('Type Stripping is an experimental feature and might change at any time');
      process.emitWarning('Failed to load the ES module: /a/knexfile.ts. Make sure to set "type": "module"');
      process.emitWarning('The certificate ends tomorrow');
      await new Promise((done) => setImmediate(done));
    } finally {
      process.removeAllListeners('warning');
      for (const listener of before) process.on('warning', listener);
    }
    expect(shown).to.deep.equal(['The certificate ends tomorrow']);
  });
});
