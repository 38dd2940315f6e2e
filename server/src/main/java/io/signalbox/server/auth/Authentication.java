package io.signalbox.server.auth;

import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.Principal;

/** Outcome of one step of authentication. */
public sealed interface Authentication {
  /**
   * @param data Authentication Data for the client, for example the server's signature; empty: none
   */
  record Accepted(Principal principal, byte[] data) implements Authentication {
    public Accepted(Principal principal) {
      this(principal, new byte[0]);
    }
  }

  /** The method wants another AUTH packet from the client (MQTT 5.0 section 4.12). */
  record Continue(byte[] data) implements Authentication {}

  /**
   * @param reason for CONNACK: 0x86, 0x87, 0x88, 0x89 or 0x8C
   * @param cause for one log line: what was wrong with which credential; never the credential
   *     itself
   * @param isGuess whether it was wrong as one that somebody tries out; not if it was good once, or
   *     could not be judged
   */
  record Rejected(ReasonCode reason, String cause, boolean isGuess) implements Authentication {
    public Rejected(ReasonCode reason, String cause) {
      this(reason, cause, false);
    }
  }
}
