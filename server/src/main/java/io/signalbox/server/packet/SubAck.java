package io.signalbox.server.packet;

import java.util.List;

/**
 * SUBACK (MQTT 5.0 section 3.9).
 *
 * @param reasons for each topic filter of the SUBSCRIBE, in its order: granted QoS or an error
 */
public record SubAck(int packetId, List<ReasonCode> reasons, Properties properties)
    implements Packet {

  public SubAck {
    Checks.packetId(packetId);
    reasons = List.copyOf(reasons);
    for (ReasonCode reason : reasons) {
      Checks.allowed(reason, PacketType.SUBACK);
    }
  }

  @Override
  public PacketType type() {
    return PacketType.SUBACK;
  }
}
