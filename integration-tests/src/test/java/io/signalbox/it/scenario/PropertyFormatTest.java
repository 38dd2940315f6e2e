package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.binaryOf;
import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketBytes.properties;
import static io.signalbox.it.wire.PacketBytes.utf8;
import static io.signalbox.it.wire.PacketType.CONNECT;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PacketType.PINGRESP;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static io.signalbox.it.wire.PacketType.SUBSCRIBE;
import static io.signalbox.it.wire.PacketType.UNSUBSCRIBE;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_DATA;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_METHOD;
import static io.signalbox.it.wire.PropertyBytes.CONTENT_TYPE;
import static io.signalbox.it.wire.PropertyBytes.CORRELATION_DATA;
import static io.signalbox.it.wire.PropertyBytes.MAXIMUM_PACKET_SIZE;
import static io.signalbox.it.wire.PropertyBytes.MESSAGE_EXPIRY_INTERVAL;
import static io.signalbox.it.wire.PropertyBytes.PAYLOAD_FORMAT_INDICATOR;
import static io.signalbox.it.wire.PropertyBytes.REASON_STRING;
import static io.signalbox.it.wire.PropertyBytes.RECEIVE_MAXIMUM;
import static io.signalbox.it.wire.PropertyBytes.REQUEST_PROBLEM_INFORMATION;
import static io.signalbox.it.wire.PropertyBytes.REQUEST_RESPONSE_INFORMATION;
import static io.signalbox.it.wire.PropertyBytes.RESPONSE_TOPIC;
import static io.signalbox.it.wire.PropertyBytes.SESSION_EXPIRY_INTERVAL;
import static io.signalbox.it.wire.PropertyBytes.SUBSCRIPTION_IDENTIFIER;
import static io.signalbox.it.wire.PropertyBytes.TOPIC_ALIAS;
import static io.signalbox.it.wire.PropertyBytes.TOPIC_ALIAS_MAXIMUM;
import static io.signalbox.it.wire.PropertyBytes.USER_PROPERTY;
import static io.signalbox.it.wire.PropertyBytes.WILL_DELAY_INTERVAL;
import static io.signalbox.it.wire.PropertyBytes.assignedClientId;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static io.signalbox.it.wire.PropertyBytes.contentType;
import static io.signalbox.it.wire.PropertyBytes.correlationData;
import static io.signalbox.it.wire.PropertyBytes.maximumPacketSize;
import static io.signalbox.it.wire.PropertyBytes.maximumQos;
import static io.signalbox.it.wire.PropertyBytes.messageExpiry;
import static io.signalbox.it.wire.PropertyBytes.payloadFormat;
import static io.signalbox.it.wire.PropertyBytes.reasonString;
import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static io.signalbox.it.wire.PropertyBytes.requestProblemInformation;
import static io.signalbox.it.wire.PropertyBytes.requestResponseInformation;
import static io.signalbox.it.wire.PropertyBytes.responseInformation;
import static io.signalbox.it.wire.PropertyBytes.responseTopic;
import static io.signalbox.it.wire.PropertyBytes.retainAvailable;
import static io.signalbox.it.wire.PropertyBytes.serverKeepAlive;
import static io.signalbox.it.wire.PropertyBytes.serverReference;
import static io.signalbox.it.wire.PropertyBytes.sessionExpiry;
import static io.signalbox.it.wire.PropertyBytes.sharedSubscriptionAvailable;
import static io.signalbox.it.wire.PropertyBytes.subscriptionId;
import static io.signalbox.it.wire.PropertyBytes.subscriptionIdentifierAvailable;
import static io.signalbox.it.wire.PropertyBytes.topicAlias;
import static io.signalbox.it.wire.PropertyBytes.topicAliasMaximum;
import static io.signalbox.it.wire.PropertyBytes.userProperty;
import static io.signalbox.it.wire.PropertyBytes.wildcardSubscriptionAvailable;
import static io.signalbox.it.wire.PropertyBytes.willDelay;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every property of every packet but AUTH, which {@link AuthFormatTest} has: twice, in the wrong
 * packet, cut short, and with a wrong Property Length (section 2.2.2).
 */
@EachTransport
final class PropertyFormatTest {
  /** Identifier to the whole property, of every one there is. */
  static final Map<Integer, byte[]> ALL = new LinkedHashMap<>();

  static {
    for (byte[] property :
        List.of(
            payloadFormat(0),
            messageExpiry(1),
            contentType("t"),
            responseTopic("t"),
            correlationData((byte) 1),
            subscriptionId(1),
            sessionExpiry(1),
            assignedClientId("c"),
            serverKeepAlive(1),
            authenticationMethod("JWT"),
            authenticationData((byte) 1),
            requestProblemInformation(1),
            willDelay(1),
            requestResponseInformation(0),
            responseInformation("r"),
            serverReference("s"),
            reasonString("r"),
            receiveMaximum(1),
            topicAliasMaximum(1),
            topicAlias(1),
            maximumQos(1),
            retainAvailable(1),
            userProperty("k", "v"),
            maximumPacketSize(1_000),
            wildcardSubscriptionAvailable(1),
            subscriptionIdentifierAvailable(1),
            sharedSubscriptionAvailable(1))) {
      ALL.put((int) property[0], property);
    }
  }

  /** What a client may put into each packet, by the table of section 2.2.2.2. */
  enum Place {
    CONNECT(
        SESSION_EXPIRY_INTERVAL,
        AUTHENTICATION_METHOD,
        AUTHENTICATION_DATA,
        REQUEST_PROBLEM_INFORMATION,
        REQUEST_RESPONSE_INFORMATION,
        RECEIVE_MAXIMUM,
        TOPIC_ALIAS_MAXIMUM,
        USER_PROPERTY,
        MAXIMUM_PACKET_SIZE),
    WILL(
        PAYLOAD_FORMAT_INDICATOR,
        MESSAGE_EXPIRY_INTERVAL,
        CONTENT_TYPE,
        RESPONSE_TOPIC,
        CORRELATION_DATA,
        WILL_DELAY_INTERVAL,
        USER_PROPERTY),
    PUBLISH(
        PAYLOAD_FORMAT_INDICATOR,
        MESSAGE_EXPIRY_INTERVAL,
        CONTENT_TYPE,
        RESPONSE_TOPIC,
        CORRELATION_DATA,
        SUBSCRIPTION_IDENTIFIER, // refused by a rule of its own
        TOPIC_ALIAS,
        USER_PROPERTY),
    PUBACK(REASON_STRING, USER_PROPERTY),
    PUBREC(REASON_STRING, USER_PROPERTY),
    PUBREL(REASON_STRING, USER_PROPERTY),
    PUBCOMP(REASON_STRING, USER_PROPERTY),
    SUBSCRIBE(SUBSCRIPTION_IDENTIFIER, USER_PROPERTY),
    UNSUBSCRIBE(USER_PROPERTY),
    DISCONNECT(SESSION_EXPIRY_INTERVAL, REASON_STRING, USER_PROPERTY);

    @SuppressWarnings("ImmutableEnumChecker") // Set.of makes it immutable
    private final Set<Integer> allowed;

    Place(Integer... allowed) {
      this.allowed = Set.of(allowed);
    }

    boolean isConnect() {
      return this == CONNECT || this == WILL;
    }

    /** A good packet but for these properties, which are given with their Property Length. */
    byte[] with(byte[] propertyField, String id, String topic) {
      return switch (this) {
        case CONNECT -> packet(0x10, utf8("MQTT"), 5, 0x02, 0, 0, propertyField, utf8(id));
        case WILL ->
            packet(
                0x10,
                utf8("MQTT"),
                5,
                0x06,
                bytes(0, 0, 0),
                utf8(id),
                propertyField,
                utf8(topic),
                utf8("will"));
        case PUBLISH -> packet(0x30, utf8(topic), propertyField, "payload");
        case PUBACK -> packet(0x40, 0, 9, 0, propertyField);
        case PUBREC -> packet(0x50, 0, 9, 0, propertyField);
        case PUBREL -> packet(0x62, 0, 9, 0, propertyField);
        case PUBCOMP -> packet(0x70, 0, 9, 0, propertyField);
        case SUBSCRIBE -> packet(0x82, 0, 9, propertyField, utf8(topic), 0);
        case UNSUBSCRIBE -> packet(0xA2, 0, 9, propertyField, utf8(topic));
        case DISCONNECT -> packet(0xE0, 0, propertyField);
      };
    }
  }

  @RegisterExtension final Clients clients;

  PropertyFormatTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
  }

  private void assertRefused(Place place, byte[] propertyField, int... reasonCodes) {
    byte[] packet = place.with(propertyField, Clients.unique("p"), clients.topic());
    if (place.isConnect()) {
      Peer peer = clients.peer();
      peer.send(packet);
      peer.expectRefused(reasonCodes);
    } else {
      Peer peer = clients.peer();
      peer.connect(connect -> peer.persistent(connect, 60));
      peer.send(packet);
      peer.expectDisconnect(reasonCodes);
    }
  }

  /** Every property with every place, told apart by whether it may stand there. */
  private static Stream<Arguments> pairs(boolean allowed) {
    return Stream.of(Place.values())
        .flatMap(
            place ->
                ALL.keySet().stream()
                    .filter(identifier -> place.allowed.contains(identifier) == allowed)
                    .map(identifier -> Arguments.of(place, identifier)));
  }

  static Stream<Arguments> allowed() {
    return pairs(true).filter(pair -> !Objects.equals(pair.get()[1], USER_PROPERTY));
  }

  static Stream<Arguments> elsewhere() {
    return pairs(false);
  }

  @ParameterizedTest
  @MethodSource("allowed")
  @Spec("MQTT-4.13.1-1")
  @Behaviour({39, 42})
  void aSecondOneOfASingleKindIsAProtocolError(Place place, int identifier) {
    byte[] one = Objects.requireNonNull(ALL.get(identifier));
    byte[] before = identifier == AUTHENTICATION_DATA ? authenticationMethod("JWT") : new byte[0];
    assertRefused(place, properties(before, one, one), 0x82);
  }

  @ParameterizedTest
  @MethodSource("elsewhere")
  @Spec("MQTT-4.13.1-1")
  @Behaviour({40, 42, 291})
  void oneThatBelongsElsewhereIsMalformed(Place place, int identifier) {
    byte[] one = Objects.requireNonNull(ALL.get(identifier));
    assertRefused(place, properties(one), 0x81, 0x82);
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  @Behaviour(40)
  void unknownIdentifiersAreMalformed(Place place) {
    for (int identifier : new int[] {0x00, 0x04, 0x07, 0x14, 0x1B, 0x2B, 0x7F}) {
      assertRefused(place, properties(bytes(identifier, 0)), 0x81);
    }
    assertRefused(place, properties(bytes(0x80, 0x01, 0)), 0x81); // two bytes of identifier
  }

  @ParameterizedTest
  @MethodSource("allowed")
  @Behaviour({41, 291})
  void oneCutShortIsMalformed(Place place, int identifier) {
    byte[] one = Objects.requireNonNull(ALL.get(identifier));
    for (int length = 1; length < one.length; length++) {
      assertRefused(place, properties(Arrays.copyOf(one, length)), 0x81, 0x82);
    }
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  @Spec({"MQTT-2.2.2-1", "MQTT-1.5.5-1"})
  @Behaviour(41)
  void aPropertyLengthThatIsWrongIsMalformed(Place place) {
    assertRefused(place, bytes(0x7F), 0x81); // runs past the packet
    assertRefused(place, bytes(0xFF, 0xFF, 0xFF, 0x7F), 0x81);
    assertRefused(place, bytes(0x80, 0x80, 0x80, 0x80, 0x01), 0x81); // five bytes
    assertRefused(place, bytes(0x80, 0x00), 0x81); // not the shortest form
  }

  @Test
  @Spec("MQTT-2.2.2-1")
  void aMissingPropertyLengthIsMalformed() {
    Peer connect = clients.peer();
    connect.send(packet(0x10, utf8("MQTT"), 5, 0x02, 0, 60));
    connect.expectRefused(0x81);
    Peer subscribe = clients.connected();
    subscribe.send(packet(0x82, 0, 1));
    subscribe.expectDisconnect(0x81);
    Peer publish = clients.connected();
    publish.send(packet(0x30, utf8("t")));
    publish.expectDisconnect(0x81);
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  @Spec({"MQTT-1.5.7-1", "MQTT-1.5.4-1", "MQTT-1.5.4-2"})
  void userPropertiesMustBeUtf8(Place place) {
    assertRefused(place, properties(bytes(0x26, binaryOf('k', 0xFF), utf8("v"))), 0x81);
    assertRefused(place, properties(bytes(0x26, utf8("k"), binaryOf(0xED, 0xA0, 0x80))), 0x81);
    assertRefused(place, properties(bytes(0x26, binaryOf('k', 0), utf8("v"))), 0x81);
  }

  @ParameterizedTest
  @EnumSource(
      value = Place.class,
      names = {"CONNECT", "WILL", "PUBLISH", "PUBREC", "PUBREL", "SUBSCRIBE", "UNSUBSCRIBE"})
  void repeatedUserPropertiesAreFine(Place place) {
    byte[] field = properties(userProperty("k", "v"), userProperty("k", "v"), userProperty("", ""));
    byte[] packet = place.with(field, Clients.unique("p"), clients.topic());
    Peer peer = place.isConnect() ? clients.peer() : clients.connected();
    peer.send(packet, pingReq());
    Parsed answer;
    do {
      answer = peer.receive();
    } while (answer.type() != PINGRESP);
  }
}
