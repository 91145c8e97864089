// Preloaded into the Agents Playground, which has no host option and listens on every interface.
const { Server } = require("node:net");

const listen = Server.prototype.listen;
Server.prototype.listen = function (...given) {
  if (typeof given[0] === "number" || /^\d+$/.test(given[0])) {
    const then = given.find((one) => typeof one === "function");
    return listen.call(this, { port: Number(given[0]), host: "127.0.0.1" }, then);
  }
  if (given[0] && typeof given[0] === "object" && given[0].port !== undefined) given[0].host = "127.0.0.1";
  return listen.apply(this, given);
};
