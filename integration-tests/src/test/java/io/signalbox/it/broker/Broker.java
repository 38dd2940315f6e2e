package io.signalbox.it.broker;

import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Transport;

/** Something that listens. */
public interface Broker {
  /** The listener for that transport, reached without a client certificate. */
  Endpoint endpoint(Transport transport);
}
