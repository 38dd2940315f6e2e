package io.signalbox.server.session;

import io.signalbox.server.packet.ReasonCode;

/** What became of an {@link OpenRequest}. */
public sealed interface OpenResult {
  /**
   * The session is the connection's; call {@link Session#start} after CONNACK was sent.
   *
   * @param sessionPresent for CONNACK [MQTT-3.2.2-2]
   */
  record Opened(Session session, boolean sessionPresent) implements OpenResult {}

  /**
   * @param problem for the log and the Reason String
   */
  record Refused(ReasonCode reason, String problem) implements OpenResult {}
}
