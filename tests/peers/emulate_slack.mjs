// Starts emulate's Slack on loopback and prints its address; ends when its standard input does.
import { createEmulator } from "emulate";

const port = Number(process.argv[2]);
const slack = await createEmulator({ service: "slack", port, hostname: "127.0.0.1" });
console.log(slack.url);
process.stdin.resume();
process.stdin.on("end", async () => {
  await slack.close();
  process.exit(0);
});
