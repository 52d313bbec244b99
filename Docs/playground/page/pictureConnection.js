// The connection of the live page to a system that runs in the worker of the playground. It has the
// interface of the WebSocket connection, in whose place it is built.
// @ts-check

export class Connection {
  /** @param {(message: any) => void} onMessage @param {(isOpen: boolean) => void} onState */
  constructor(onMessage, onState) {
    this.onMessage = onMessage;
    this.onState = onState;
    /** @type {any} */
    const { parent } = window;
    this.playground = parent.playground;
    this.onState(false);
    this.playground.attach(this);
  }

  /** @param {Record<string, any>} request */
  send(request) {
    this.playground.request(JSON.stringify(request));
  }
}
