package io.signalbox.server.protocol;

import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.ReasonCode;

/**
 * Why the server ends a client's connection.
 *
 * @param reason of the DISCONNECT packet; clients of 3.1.1 see the connection close
 * @param text for the client's developer and the log
 */
public record Ending(Metrics.Close cause, ReasonCode reason, String text) {

  /** An administrator wants it: Administrative action, 0x98. */
  public static Ending byAdministrator(String text) {
    return new Ending(Metrics.Close.ADMINISTRATIVE, ReasonCode.ADMINISTRATIVE_ACTION, text);
  }

  /** What the client proved is no longer so, for example because of a revocation: 0x87. */
  public static Ending credentialWithdrawn(String text) {
    return new Ending(Metrics.Close.CREDENTIALS_WITHDRAWN, ReasonCode.NOT_AUTHORIZED, text);
  }

  /** The policies do not allow any more what it was granted: 0x87. */
  static Ending accessRevoked(String text) {
    return new Ending(Metrics.Close.NOT_AUTHORIZED, ReasonCode.NOT_AUTHORIZED, text);
  }

  /** The credential's own end has come: a token's is Maximum connect time, 0xA0; else 0x87. */
  static Ending credentialExpired(boolean token) {
    return new Ending(
        Metrics.Close.CREDENTIALS_EXPIRED,
        token ? ReasonCode.MAXIMUM_CONNECT_TIME : ReasonCode.NOT_AUTHORIZED,
        token ? "the token expired" : "the certificate expired");
  }
}
