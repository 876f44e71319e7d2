// The WebSocket to the core; comes back by itself after an interruption.

import { PROTOCOL, decodeBinary } from "./protocol.js";

const RETRY_MS_MIN = 400;
const RETRY_MS_MAX = 4000;
const PING_INTERVAL_MS = 1000;

export class Connection {
  /** `handlers`: open(), message(object), closed({attempt, reason}). */
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
    this.attempt = 0;
    this.reason = "";
    this.socket = null;
    this.pingId = 0;
    this.pingSentMs = 0;
    this.roundTripMs = null;
    this.connect();
    setInterval(() => this.ping(), PING_INTERVAL_MS);
  }

  connect() {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.send({ type: "hello", protocol: PROTOCOL, terminal: "web" });
    };
    socket.onmessage = (event) => {
      try {
        this.receive(event.data);
      } catch (error) {
        console.error("a message of the core cannot be read:", error);
      }
    };
    socket.onclose = (event) => {
      this.socket = null;
      this.attempt += 1;
      this.handlers.closed({ attempt: this.attempt, reason: this.reason || event.reason });
      const wait = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(this.attempt - 1, 6));
      setTimeout(() => this.connect(), wait);
    };
    this.socket = socket;
  }

  receive(data) {
    if (typeof data !== "string") {
      this.handlers.message(decodeBinary(data));
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "welcome") {
      this.attempt = 0;
      this.reason = "";
      this.handlers.open();
    } else if (message.type === "bye") {
      this.reason = message.reason;
    } else if (message.type === "pong" && message.id === this.pingId) {
      this.roundTripMs = performance.now() - this.pingSentMs;
    }
    this.handlers.message({ ...message, kind: message.type, eventKind: message.kind });
  }

  ping() {
    if (!this.ready) return;
    this.pingId += 1;
    this.pingSentMs = performance.now();
    this.send({ type: "ping", id: this.pingId });
  }

  get ready() {
    return this.socket !== null && this.socket.readyState === WebSocket.OPEN;
  }

  /** Send a message; without a connection it is dropped, because input is only worth something now. */
  send(message) {
    if (this.ready) this.socket.send(JSON.stringify(message));
  }
}
