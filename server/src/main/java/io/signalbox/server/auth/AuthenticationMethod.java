package io.signalbox.server.auth;

import io.signalbox.server.auth.ExchangeAuthenticator.Exchange;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.principal.Peer;

/** One Authentication Method (MQTT 5.0 section 4.12). Any thread. */
interface AuthenticationMethod {
  /** The exact value of the property Authentication Method. */
  String name();

  /** Begins an exchange, at CONNECT or at a re-authentication. */
  Exchange begin(Connect connect, Peer peer);
}
