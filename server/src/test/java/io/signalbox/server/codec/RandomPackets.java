package io.signalbox.server.codec;

import io.signalbox.server.packet.Auth;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.PingResp;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.Side;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.packet.Unsubscribe;
import io.signalbox.server.packet.Will;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Valid packets without end; the seed says which. */
final class RandomPackets {
  private static final String[] PIECES = {
    "a", "dev", "/", "ß", "温", "\uD83D\uDE80", "\uFEFF", " ", "$", "\u0001", "0123456789"
  };

  private final RandomGenerator random;
  private final ProtocolVersion version;

  RandomPackets(RandomGenerator random, ProtocolVersion version) {
    this.random = random;
    this.version = version;
  }

  private boolean v5() {
    return version == ProtocolVersion.V5;
  }

  /** A packet of this type that this side may send. */
  Packet next(PacketType type, Side sender) throws InvalidTopicException {
    return switch (type) {
      case CONNECT -> connect();
      case CONNACK -> connAck();
      case PUBLISH -> publish(sender);
      case PUBACK -> new PubAck(packetId(), reason(type, sender), properties(Place.PUBACK, sender));
      case PUBREC -> new PubRec(packetId(), reason(type, sender), properties(Place.PUBREC, sender));
      case PUBREL -> new PubRel(packetId(), reason(type, sender), properties(Place.PUBREL, sender));
      case PUBCOMP ->
          new PubComp(packetId(), reason(type, sender), properties(Place.PUBCOMP, sender));
      case SUBSCRIBE ->
          new Subscribe(
              packetId(),
              several(1, () -> new RequestedSubscription(text(), options())),
              properties(Place.SUBSCRIBE, sender));
      case SUBACK ->
          new SubAck(
              packetId(), several(0, () -> reason(type, sender)), properties(Place.SUBACK, sender));
      case UNSUBSCRIBE ->
          new Unsubscribe(
              packetId(), several(1, this::text), properties(Place.UNSUBSCRIBE, sender));
      case UNSUBACK ->
          new UnsubAck(
              packetId(),
              v5() ? several(0, () -> reason(type, sender)) : List.of(),
              properties(Place.UNSUBACK, sender));
      case PINGREQ -> new PingReq();
      case PINGRESP -> new PingResp();
      case DISCONNECT ->
          new Disconnect(
              v5() ? reason(type, sender) : ReasonCode.SUCCESS,
              properties(Place.DISCONNECT, sender));
      case AUTH ->
          new Auth(
              reason(type, sender),
              properties(Place.AUTH, sender).with(Property.AUTHENTICATION_METHOD, text()));
    };
  }

  private Connect connect() throws InvalidTopicException {
    Properties properties = properties(Place.CONNECT, Side.CLIENT);
    if (properties.has(Property.AUTHENTICATION_DATA)) {
      properties = properties.with(Property.AUTHENTICATION_METHOD, text());
    }
    String userName = random.nextBoolean() ? text() : null;
    boolean mayHavePassword = v5() || userName != null;
    byte @Nullable [] password = mayHavePassword && random.nextBoolean() ? binary() : null;
    Will will =
        random.nextBoolean()
            ? new Will(
                topic(), binary(), qos(), random.nextBoolean(), properties(Place.WILL, Side.CLIENT))
            : null;
    return new Connect(
        version,
        text(),
        random.nextBoolean(),
        random.nextInt(65_536),
        will,
        userName,
        password,
        properties);
  }

  private ConnAck connAck() {
    ReasonCode reason = reason(PacketType.CONNACK, Side.SERVER);
    return new ConnAck(
        reason == ReasonCode.SUCCESS && random.nextBoolean(),
        reason,
        properties(Place.CONNACK, Side.SERVER));
  }

  private Publish publish(Side sender) throws InvalidTopicException {
    Properties properties = properties(Place.PUBLISH, sender);
    TopicName topic =
        properties.has(Property.TOPIC_ALIAS) && random.nextBoolean() ? TopicName.EMPTY : topic();
    Qos qos = qos();
    boolean acknowledged = qos != Qos.AT_MOST_ONCE;
    return new Publish(
        topic,
        qos,
        acknowledged && random.nextBoolean(),
        random.nextBoolean(),
        acknowledged ? packetId() : Publish.NO_PACKET_ID,
        properties,
        binary());
  }

  private SubscriptionOptions options() {
    return v5()
        ? new SubscriptionOptions(
            qos(), random.nextBoolean(), random.nextBoolean(), RetainHandling.of(random.nextInt(3)))
        : SubscriptionOptions.ofQos(qos());
  }

  private Properties properties(Place place, Side sender) {
    var builder = Properties.builder();
    if (!v5() || random.nextInt(3) == 0) {
      return Properties.NONE;
    }
    for (Property property : Property.values()) {
      if (!property.standsIn(place) || !property.isSentBy(sender, place) || random.nextBoolean()) {
        continue;
      }
      int times = property.isRepeatable(place) ? 1 + random.nextInt(3) : 1;
      for (int i = 0; i < times; i++) {
        switch (property.type()) {
          case BYTE, TWO_BYTE, FOUR_BYTE -> builder.put(property, number(property));
          case VARIABLE -> builder.addSubscriptionIdentifier((int) number(property));
          case STRING -> builder.put(property, property == Property.RESPONSE_TOPIC ? "r" : text());
          case BINARY -> builder.put(property, binary());
          case STRING_PAIR -> builder.addUserProperty(text(), text());
        }
      }
    }
    return builder.build();
  }

  private long number(Property property) {
    return switch (random.nextInt(4)) {
      case 0 -> property.smallest();
      case 1 -> property.largest();
      default -> random.nextLong(property.smallest(), property.largest() + 1);
    };
  }

  private ReasonCode reason(PacketType type, Side sender) {
    while (true) {
      ReasonCode reason = ReasonCode.of(random.nextInt(256));
      if (reason == null || !reason.allowedIn(type, sender)) {
        continue;
      }
      boolean sayable =
          switch (type) {
            case CONNACK -> ReasonCode.ofConnectReturnCode(reason.connectReturnCode()) == reason;
            case SUBACK -> reason.code() <= 0x80;
            default -> reason == ReasonCode.SUCCESS;
          };
      if (v5() || sayable) {
        return reason;
      }
    }
  }

  private <T> List<T> several(int atLeast, Supplier<T> maker) {
    var all = new ArrayList<T>();
    int count = atLeast + random.nextInt(4);
    for (int i = 0; i < count; i++) {
      all.add(maker.get());
    }
    return all;
  }

  private int packetId() {
    return 1 + random.nextInt(65_535);
  }

  private Qos qos() {
    return Qos.of(random.nextInt(3));
  }

  private TopicName topic() throws InvalidTopicException {
    return TopicName.of("t" + text());
  }

  private String text() {
    var text = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  private byte[] binary() {
    var bytes = new byte[random.nextInt(10) == 0 ? random.nextInt(20_000) : random.nextInt(20)];
    random.nextBytes(bytes);
    return bytes;
  }
}
