package io.signalbox.server.store;

import java.util.List;

/**
 * Answer to {@link OpenSession}.
 *
 * @param number names the session's rows; never used for another session
 * @param epoch what commands of this connection carry
 * @param sessionPresent whether an earlier session goes on
 * @param inboundQos2 Packet Identifiers of its client between PUBREC and PUBREL, as they are on
 *     disk
 */
public record OpenedSession(
    long number, long epoch, boolean sessionPresent, List<Integer> inboundQos2) {
  public OpenedSession {
    inboundQos2 = List.copyOf(inboundQos2);
  }
}
