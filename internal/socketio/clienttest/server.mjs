// Node's own server with the application of ../bench, for comparison in one run. Prints its address; ends with stdin.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { perMessageDeflate: false });
io.on("connection", (socket) => {
  const { pair } = socket.handshake.query;
  socket.join(pair);
  socket.on("echo", (m) => socket.emit("message", m));
  socket.on("relay", (m) => socket.to(pair).emit("message", m));
  socket.on("flood", () => {
    const timer = setInterval(() => socket.emit("message", "x".repeat(12_000)), 10);
    socket.on("disconnect", () => clearInterval(timer));
  });
  socket.on("all", (m) => io.emit("message", m));
});
http.listen(0, "127.0.0.1", () => console.log("127.0.0.1:" + http.address().port));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
