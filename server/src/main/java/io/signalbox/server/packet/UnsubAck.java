package io.signalbox.server.packet;

import java.util.List;

/**
 * UNSUBACK (MQTT 5.0 section 3.11).
 *
 * @param reasons for each topic filter of the UNSUBSCRIBE, in its order: how it went; a 3.1.1
 *     client sees none of them
 */
public record UnsubAck(int packetId, List<ReasonCode> reasons, Properties properties)
    implements Packet {

  public UnsubAck {
    Checks.packetId(packetId);
    reasons = List.copyOf(reasons);
    for (ReasonCode reason : reasons) {
      Checks.allowed(reason, PacketType.UNSUBACK);
    }
  }

  @Override
  public PacketType type() {
    return PacketType.UNSUBACK;
  }
}
