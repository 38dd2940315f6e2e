package io.signalbox.server.codec;

import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.Side;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.topic.SharedFilter;
import java.util.ArrayList;
import java.util.List;

/** SUBSCRIBE and SUBACK (sections 3.8 and 3.9). */
final class SubscribeCodec {
  private static final int NO_LOCAL = 0x04;
  private static final int RETAIN_AS_PUBLISHED = 0x08;
  private static final int RETAIN_HANDLING_SHIFT = 4;
  private static final int RESERVED_V5 = 0xC0;
  private static final int RESERVED_V3 = 0xFC;

  private SubscribeCodec() {}

  static Subscribe decode(PacketReader in, ProtocolVersion version) throws PacketException {
    int packetId = in.packetId();
    Properties properties =
        version == ProtocolVersion.V5
            ? PropertiesCodec.decode(in, Place.SUBSCRIBE, Side.CLIENT)
            : Properties.NONE;
    if (in.remaining() == 0) {
      throw in.protocolError("no topic filter"); // [MQTT-3.8.3-2]
    }
    List<RequestedSubscription> subscriptions = new ArrayList<>();
    while (in.remaining() > 0) {
      String topicFilter = in.string("topic filter"); // [MQTT-3.8.3-1]
      SubscriptionOptions options = decodeOptions(in, version);
      if (options.noLocal() && SharedFilter.isShared(topicFilter)) {
        throw in.protocolError("No Local on a shared subscription"); // [MQTT-3.8.3-4]
      }
      subscriptions.add(new RequestedSubscription(topicFilter, options));
    }
    return new Subscribe(packetId, subscriptions, properties);
  }

  private static SubscriptionOptions decodeOptions(PacketReader in, ProtocolVersion version)
      throws PacketException {
    int options = in.oneByte("subscription options");
    boolean v5 = version == ProtocolVersion.V5;
    if ((options & (v5 ? RESERVED_V5 : RESERVED_V3)) != 0) {
      throw in.malformed("reserved subscription options are set"); // [MQTT-3.8.3-5]
    }
    int qos = options & 3;
    if (qos == 3) {
      throw in.protocolError("maximum QoS 3"); // [MQTT-3.8.3-4] of 3.1.1
    }
    int retainHandling = options >> RETAIN_HANDLING_SHIFT;
    if (retainHandling == 3) {
      throw in.protocolError("retain handling 3");
    }
    return new SubscriptionOptions(
        Qos.of(qos),
        (options & NO_LOCAL) != 0,
        (options & RETAIN_AS_PUBLISHED) != 0,
        RetainHandling.of(retainHandling));
  }

  static int length(Subscribe subscribe, ProtocolVersion version) {
    int length =
        2 + (version == ProtocolVersion.V5 ? PropertiesCodec.length(subscribe.properties()) : 0);
    for (RequestedSubscription subscription : subscribe.subscriptions()) {
      length += ByteOutput.stringLength(subscription.topicFilter()) + 1;
    }
    return length;
  }

  static void encode(Subscribe subscribe, ProtocolVersion version, ByteOutput out) {
    out.put2(subscribe.packetId());
    boolean v5 = version == ProtocolVersion.V5;
    if (v5) {
      PropertiesCodec.encode(subscribe.properties(), out);
    }
    for (RequestedSubscription subscription : subscribe.subscriptions()) {
      SubscriptionOptions options = subscription.options();
      out.putString(subscription.topicFilter());
      int qos = options.maximumQos().value();
      out.put1(
          v5
              ? qos
                  | (options.noLocal() ? NO_LOCAL : 0)
                  | (options.retainAsPublished() ? RETAIN_AS_PUBLISHED : 0)
                  | options.retainHandling().value() << RETAIN_HANDLING_SHIFT
              : qos);
    }
  }

  static SubAck decodeAck(PacketReader in, ProtocolVersion version) throws PacketException {
    int packetId = in.packetId();
    Properties properties =
        version == ProtocolVersion.V5
            ? PropertiesCodec.decode(in, Place.SUBACK, Side.SERVER)
            : Properties.NONE;
    List<ReasonCode> reasons = new ArrayList<>();
    while (in.remaining() > 0) {
      ReasonCode reason = in.reason(Side.SERVER);
      if (reason.code() > ReasonCode.UNSPECIFIED_ERROR.code()
          && version == ProtocolVersion.V3_1_1) {
        throw in.malformed("return code 0x%02X".formatted(reason.code()));
      }
      reasons.add(reason);
    }
    return new SubAck(packetId, reasons, properties);
  }

  static int lengthOfAck(SubAck subAck, ProtocolVersion version) {
    return 2
        + (version == ProtocolVersion.V5 ? PropertiesCodec.length(subAck.properties()) : 0)
        + subAck.reasons().size();
  }

  static void encodeAck(SubAck subAck, ProtocolVersion version, ByteOutput out) {
    out.put2(subAck.packetId());
    if (version == ProtocolVersion.V5) {
      PropertiesCodec.encode(subAck.properties(), out);
    }
    for (ReasonCode reason : subAck.reasons()) {
      boolean refused = version == ProtocolVersion.V3_1_1 && reason.isError();
      // 3.1.1 has one failure code for all of them. [MQTT-3.9.3-2] of 3.1.1
      out.put1(refused ? ReasonCode.UNSPECIFIED_ERROR.code() : reason.code());
    }
  }
}
