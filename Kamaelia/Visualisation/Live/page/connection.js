// The connection to the system: a WebSocket, which is opened again after it was lost.
// @ts-check

const AGAIN = 1000; // milliseconds

export class Connection {
  /** @param {(message: any) => void} onMessage @param {(isOpen: boolean) => void} onState */
  constructor(onMessage, onState) {
    this.onMessage = onMessage;
    this.onState = onState;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.#open();
  }

  #open() {
    const socket = new WebSocket(`ws://${location.host}/system`);
    this.socket = socket;
    socket.onopen = () => this.onState(true);
    socket.onmessage = (event) => this.onMessage(JSON.parse(event.data));
    socket.onclose = () => {
      this.onState(false);
      setTimeout(() => this.#open(), AGAIN);
    };
  }

  /** @param {Record<string, any>} request */
  send(request) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(request));
  }
}
