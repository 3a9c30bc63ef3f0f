#!/usr/bin/env bash
# Runs Knex's own migration tests twice, with stock Knex and with the client swapped in, and says which differ:
#   bash scripts/knex-suite.sh DIR
# DIR is a copy of Knex's repository with what its tests need installed (npm i --ignore-scripts, a built driver).
# DB and KNEX_TEST are Knex's own variables: which driver, and a module with its connection.
set -eu
[ $# -eq 1 ] || { echo "usage: bash scripts/knex-suite.sh DIR" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$1"
export DB=${DB:-better-sqlite3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A copy, not a link: a link would find the knex beside our own sources, which is another module.
own=node_modules/knex-meta
rm -rf "$own" && mkdir -p "$own/node_modules"
cp -r "$root/dist" "$root/package.json" "$own/"
for name in $(node -p "Object.keys(require('$root/package.json').dependencies).join(' ')"); do
  ln -s "$root/node_modules/$name" "$own/node_modules/$name"
done
ln -sfn "$PWD" node_modules/knex

run() {
  local name=$1
  shift
  npx mocha --exit -t 20000 --reporter json --reporter-option "output=$work/$name.json" "$@" \
    test/prep-db-mocha.js 'test/integration2/migrate/*.spec.js' > "$work/$name.log" 2>&1 || true
  [ -s "$work/$name.json" ] || { cat "$work/$name.log" >&2; exit 1; }
}

run stock
run knex-meta --require "$root/scripts/knex-suite.cjs"

node - "$DB" "$work/stock.json" "$work/knex-meta.json" << 'COMPARE'
const [driver, ...files] = process.argv.slice(2);
const [stock, ours] = files.map((file) => require(file));
const titles = ({ passes }) => new Set(passes.map(({ fullTitle }) => fullTitle));
const differ = [...titles(stock)].filter((title) => !titles(ours).has(title));
console.log(`${driver}: stock ${stock.stats.passes} passed, ${stock.stats.failures} failed;`,
  `knex-meta ${ours.stats.passes} passed, ${ours.stats.failures} failed`);
for (const title of differ) {
  const failure = ours.failures.find(({ fullTitle }) => fullTitle === title);
  console.log(`  differs: ${title}\n    ${failure?.err.message ?? 'did not run'}`);
}
process.exitCode = differ.length === 0 ? 0 : 1;
COMPARE
