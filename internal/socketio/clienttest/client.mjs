// Runs one original client through one mode against the server of clients_test.go.
// Usage: node client.mjs sio1|sio2|sio4 polling|websocket|upgrade URL URL-of-a-server-with-recovery
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [lib, mode, url, recoveryUrl] = process.argv.slice(2);
const io = createRequire(import.meta.url)(lib);
const version = Number(lib.at(-1));
const text = "你好，世界 🙂👩‍👩‍👧 ñ é Ã© \u2028 \" \\ \\n \n";
const transports = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] }[mode];

const deadline = setTimeout(() => fail(new Error("scenario timed out at: " + step)), 20_000);
let step = "start";

function fail(error) {
  console.error(`${lib} ${mode} at "${step}":`, error);
  process.exit(1);
}

function once(socket, event) {
  return new Promise((resolve) => socket.once(event, (...args) => resolve(args)));
}

function open(path, base = url) {
  return io(base + path, {
    transports,
    upgrade: mode === "upgrade",
    forceNew: true,
    "force new connection": true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 50,
    randomizationFactor: 0,
  });
}

function ask(socket, event, ...args) {
  return new Promise((resolve) => socket.emit(event, ...args, (...answer) => resolve(answer)));
}

async function settled(socket) {
  if (mode !== "upgrade") return mode;
  for (;;) {
    const [now] = await ask(socket, "transport");
    if (now === "websocket") return now;
  }
}

async function basics() {
  step = "connect with query";
  const socket = open("/im/user?userid=u1&orgi=" + encodeURIComponent("公司"));
  const [hello] = await once(socket, "hello");
  assert.deepEqual(hello, { userid: "u1", orgi: "公司", protocol: version < 4 ? 3 : 4, name: "/im/user" });

  step = "first text, before any upgrade";
  let back = once(socket, "echo-back");
  socket.emit("echo", text, { message: text, n: 1 }, [true, null]);
  assert.deepEqual(await back, [text, { message: text, n: 1 }, [true, null]]);

  step = "transport " + mode;
  assert.equal(await settled(socket), mode === "upgrade" ? "websocket" : mode);

  step = "text after settling";
  back = once(socket, "echo-back");
  socket.emit("echo", text);
  assert.deepEqual(await back, [text]);

  step = "acknowledgement by the server";
  assert.deepEqual(await ask(socket, "ask", text, 7), [text, 7]);

  step = "acknowledgement by the client";
  socket.on("question", (q, answer) => answer(q + "!", 8));
  const answered = once(socket, "answered");
  socket.emit("call-me", text);
  assert.deepEqual(await answered, [text + "!", 8]);

  step = "many in order";
  const got = [];
  const all = new Promise((resolve) => {
    socket.on("echo-back", (n) => got.push(n) === 200 && resolve());
  });
  for (let i = 0; i < 200; i++) socket.emit("echo", i);
  await all;
  assert.deepEqual(got, Array.from({ length: 200 }, (_, i) => i));
  socket.off ? socket.off("echo-back") : socket.removeAllListeners("echo-back");

  step = "room";
  const inRoom = once(socket, "in-room");
  socket.emit("room", "大厅");
  assert.deepEqual(await inRoom, ["大厅"]);

  step = "long message";
  const long = "长".repeat(100_000);
  back = once(socket, "echo-back");
  socket.emit("echo", long);
  assert.equal((await back)[0], long);
  return socket;
}

async function binary(socket) {
  if (version < 2) return;
  step = "binary";
  const back = once(socket, "echo-back");
  socket.emit("echo", { file: Buffer.from([0, 1, 2, 254, 255]), name: text }, Buffer.from("你好"));
  const [first, second] = await back;
  assert.equal(first.name, text);
  assert.deepEqual([...new Uint8Array(first.file)], [0, 1, 2, 254, 255]);
  assert.equal(Buffer.from(second).toString(), "你好");

  step = "binary acknowledgement";
  const [answer] = await ask(socket, "ask", Buffer.from([9, 8, 7]));
  assert.deepEqual([...new Uint8Array(answer)], [9, 8, 7]);
}

async function reconnect(socket) {
  step = "reconnect after the server dropped the connection";
  const again = once(socket, "hello");
  const lost = once(socket, "disconnect");
  socket.emit("drop");
  await lost;
  const [hello] = await again;
  assert.equal(hello.userid, "u1");
  assert.deepEqual(await ask(socket, "ask", "again"), ["again"]);
}

async function refusals() {
  step = "unknown namespace";
  const unknown = open("/nobody");
  const [error] = await once(unknown, version < 4 ? "error" : "connect_error");
  assert.equal(version < 4 ? error : error.message, "Invalid namespace");
  unknown.disconnect();

  step = "refused by the application";
  const refused = open("/closed");
  const [why] = await once(refused, version < 4 ? "error" : "connect_error");
  assert.equal(version < 4 ? why : why.message, "not today");
  refused.disconnect();
}

async function kicked() {
  step = "disconnected by the server";
  const socket = open("/im/user?userid=u2");
  await once(socket, "hello");
  const gone = once(socket, "disconnect");
  socket.emit("kick");
  assert.equal((await gone)[0], "io server disconnect");
  socket.disconnect();
}

async function recovery() {
  if (version < 4) return;
  step = "recovery";
  const socket = open("/im/user?userid=u3", recoveryUrl);
  await once(socket, "hello");
  const { id } = socket;
  const missed = [];
  const all = new Promise((resolve) => socket.on("missed", (n) => missed.push(n) === 3 && resolve()));
  const connected = new Promise((resolve) => socket.on("connect", resolve));
  socket.emit("drop-and-miss");
  await connected;
  assert.equal(socket.recovered, true);
  assert.equal(socket.id, id);
  await all;
  assert.deepEqual(missed, [1, 2, 3]);
  assert.deepEqual(await ask(socket, "rooms"), [["desk"]]);
  socket.disconnect();
}

try {
  const socket = await basics();
  await binary(socket);
  await reconnect(socket);
  socket.disconnect();
  await refusals();
  await kicked();
  await recovery();
  clearTimeout(deadline);
  console.log("ok");
  process.exit(0);
} catch (error) {
  fail(error);
}
