#!/usr/bin/env bash
# Runs a library's own tests twice, with stock Knex and with knex-meta and `visible: false`, and says which differ:
#   bash scripts/application-suite.sh DIR [mocha arguments]
# DIR is a copy of the library's repository (objection, feathers-knex, bookshelf, lucid) with what its tests need
# installed, Knex 3 and better-sqlite3 among it (npm i --ignore-scripts, a built driver). The arguments are those of its
# own test script; default: --recursive tests. META has more settings of `meta`: META='{"onExplicitUpdate":"keep"}'. Run `npm run build` before.
set -eu
[ $# -ge 1 ] || { echo "usage: bash scripts/application-suite.sh DIR [mocha arguments]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$1"
shift
[ $# -gt 0 ] || set -- --recursive tests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A copy, not a link: a link would find the knex beside our own sources, which is another module.
own=node_modules/knex-meta
rm -rf "$own" && mkdir -p "$own/node_modules"
cp -r "$root/dist" "$root/package.json" "$own/"
for name in $(node -p "Object.keys(require('$root/package.json').dependencies).join(' ')"); do
  mkdir -p "$own/node_modules/$(dirname "$name")"
  ln -s "$root/node_modules/$name" "$own/node_modules/$name"
done

run() {
  local name=$1
  shift
  npx mocha --exit -t 30000 --reporter json --reporter-option "output=$work/$name.json" \
    --require "$root/scripts/application-suite.cjs" "$@" > "$work/$name.log" 2>&1 || true
  [ -s "$work/$name.json" ] || { cat "$work/$name.log" >&2; exit 1; }
}

run stock "$@"
HOOKED=1 run knex-meta "$@"

node - "$work/stock.json" "$work/knex-meta.json" << 'COMPARE'
const [stock, ours] = process.argv.slice(2).map((file) => require(file));
const titles = ({ passes }) => new Set(passes.map(({ fullTitle }) => fullTitle));
const differ = [...titles(stock)].filter((title) => !titles(ours).has(title));
console.log(`stock ${stock.stats.passes} passed, ${stock.stats.failures} failed;`,
  `knex-meta ${ours.stats.passes} passed, ${ours.stats.failures} failed`);
for (const title of differ) {
  const failure = ours.failures.find(({ fullTitle }) => fullTitle === title);
  console.log(`  differs: ${title}\n    ${failure?.err.message ?? 'did not run'}`);
}
process.exitCode = differ.length === 0 ? 0 : 1;
COMPARE
