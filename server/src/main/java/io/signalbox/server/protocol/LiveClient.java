package io.signalbox.server.protocol;

import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;

/**
 * A connected client, as far as it can be told without asking its I/O thread.
 *
 * @param keepAliveSeconds in force; 0: none
 * @param connectedAtMillis wall clock, milliseconds since 1970
 */
public record LiveClient(
    String clientId,
    Principal principal,
    Peer peer,
    ProtocolVersion version,
    boolean cleanStart,
    int keepAliveSeconds,
    long connectedAtMillis) {

  LiveClient as(Principal renewed) {
    return new LiveClient(
        clientId, renewed, peer, version, cleanStart, keepAliveSeconds, connectedAtMillis);
  }
}
