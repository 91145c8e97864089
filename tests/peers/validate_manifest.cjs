// Microsoft's own judgement of a Teams app manifest: prints a JSON list of what is wrong with it.
//   node validate_manifest.cjs FOLDER-OF-NODE-MODULES < manifest.json
const { readFileSync } = require("node:fs");
const { join, resolve } = require("node:path");

const packageFolder = resolve(process.argv[2], "@microsoft", "app-manifest");
const { ManifestUtil } = require(packageFolder);
const manifest = JSON.parse(readFileSync(0, "utf8"));
const schemas = join(packageFolder, "build", "json-schemas", "teams", `v${manifest.manifestVersion}`);
const schema = JSON.parse(readFileSync(join(schemas, "MicrosoftTeams.schema.json"), "utf8"));

ManifestUtil.validateManifestAgainstSchema(manifest, schema).then((problems) => console.log(JSON.stringify(problems)));
