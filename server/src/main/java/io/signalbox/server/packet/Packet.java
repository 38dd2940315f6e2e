package io.signalbox.server.packet;

/**
 * An MQTT Control Packet (MQTT 5.0 section 2.1) in the terms of 5.0; what 3.1.1 cannot say is left
 * at its default there. Immutable.
 */
public sealed interface Packet
    permits Connect,
        ConnAck,
        Publish,
        PubAck,
        PubRec,
        PubRel,
        PubComp,
        Subscribe,
        SubAck,
        Unsubscribe,
        UnsubAck,
        PingReq,
        PingResp,
        Disconnect,
        Auth {
  /** Number, name and header rules of this kind of packet. */
  PacketType type();
}
