package io.signalbox.it.crash;

import io.signalbox.it.wire.Endpoint;

/** One client, whose memory outlives its connections and the broker's processes. */
interface Actor {
  String name();

  /**
   * Connects and works until the run is over.
   *
   * @throws Gone the connection ended; called again once the broker has been killed and is back
   */
  void play(Endpoint endpoint);
}
