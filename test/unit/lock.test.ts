import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../support/commandLine.js';

interface Entry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe('package-lock.json', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Entry>>;
  };

  it('has the packages of every platform, which npm ci asks for: npm run lock', () => {
    const places = Object.keys(packages);
    const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies).filter(
        (name) => !places.some((place) => place.endsWith(`node_modules/${name}`)),
      ),
    );
    expect(missing).to.deep.equal([]);
  });

  it('says what each package is, and nothing of a registry', () => {
    const others = Object.entries(packages).filter(([place]) => place !== '');
    expect(others.filter(([, { integrity }]) => integrity === undefined)).to.deep.equal([]);
    expect(others.filter(([, { resolved }]) => resolved !== undefined)).to.deep.equal([]);
  });
});
