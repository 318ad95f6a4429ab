// A bot that answers and streams when it is mentioned.

import { connect } from "@generic-corp/client";

const hub = connect({
  url: process.env.GENERIC_CORP_URL ?? "http://127.0.0.1:8080",
  workspace: "main",
  token: () => process.env.GENERIC_CORP_API_KEY ?? "",
});
const { you } = await hub.ready();
const lobby = await hub.join("lobby");
for await (const event of lobby.events()) {
  if (!event.mentions?.includes(you.name)) continue;
  await lobby.publish({ text: "I read you" }, { replyTo: event.seq });
  const out = await hub.openStream("lobby", "counting to three");
  await out.write("1\n2\n3\n");
  await out.close({ exitCode: 0 });
}
