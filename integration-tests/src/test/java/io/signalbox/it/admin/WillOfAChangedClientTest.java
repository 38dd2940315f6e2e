package io.signalbox.it.admin;

import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static io.signalbox.it.wire.PropertyBytes.sessionExpiry;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.ConnectBytes;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A will is judged by what its client is when it is published, not by what it was at CONNECT. */
final class WillOfAChangedClientTest {
  private static final TestIssuer ACME = new TestIssuer("acme", "narrow");
  private static final int NOT_AUTHORIZED = 0x87;

  private static final String EVERYBODY =
      """
      version: 1
      name: everybody
      match: { everyone: true }
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["*"] }
        - { id: hear, effect: allow, actions: [subscribe], topics: ["#"] }
        - { id: mark, effect: allow, actions: [publish], topics: ["marker"] }
      """;

  private static final String ALARMS =
      """
      version: 1
      name: alarms
      match: { group: alarms }
      statements:
        - { id: alarm, effect: allow, actions: [publish], topics: ["alarm/#"] }
      """;

  private final List<Peer> opened = new ArrayList<>();
  private BrokerUnderTest broker;
  private AdminClient admin;

  @BeforeEach
  void start() {
    broker =
        BrokerUnderTest.start(
            "changed-wills",
            TestIssuer.trustedBy(
                BrokerConfig.empty()
                    .listener(Transport.TCP, true, "none")
                    .listener(Transport.TLS, false, "optional")
                    .listener(Transport.WSS, false, "optional")
                    .policy("everybody", EVERYBODY)
                    .policy("alarms", ALARMS)
                    .yaml("session: { will-restart-grace-millis: 1000 }\n"),
                ACME));
    admin = AdminClient.administrator(broker);
    admin.put("/groups/alarms", "{}").expect(201);
  }

  @AfterEach
  void stop() {
    opened.forEach(Peer::close);
    broker.close();
  }

  private Peer peer(Transport transport, String clientId) throws IOException {
    var peer = new Peer(RawClient.open(broker.endpoint(transport), Version.V5), clientId);
    opened.add(peer);
    return peer;
  }

  /** Hears every will, also those that are sent while it is away. */
  private Peer observer() throws IOException {
    Peer observer = peer(Transport.TCP, "observer");
    observer.resume(600);
    return observer;
  }

  /** A registered device that may raise alarms, with one as its will. */
  private Peer device(String id, UnaryOperator<ConnectBytes> more) throws IOException {
    admin.put("/devices/" + id, "{'groups':['alarms']}").expect(201);
    var endpoint = broker.endpoint(Transport.TLS).with(broker.issueDevice(id).tls());
    var peer = new Peer(RawClient.open(endpoint, Version.V5), id);
    opened.add(peer);
    peer.connect(c -> more.apply(c).will("alarm/" + id, 1, false, "will of " + id));
    return peer;
  }

  /** A user who may raise alarms by its token, with one as its will; then by a lesser token. */
  private Peer narrowedUser(String id, UnaryOperator<ConnectBytes> more) throws IOException {
    byte[] method = authenticationMethod("JWT");
    Peer peer = peer(Transport.TLS, id);
    peer.connect(
        c ->
            more.apply(c)
                .will("alarm/" + id, 1, false, "will of " + id)
                .with(method, authenticationData(ACME.token(id, "alarms").getBytes(UTF_8))));
    peer.send(auth(0x19, method, authenticationData(ACME.token(id).getBytes(UTF_8))));
    Parsed renewed = peer.receive(PacketType.AUTH);
    assertEquals(0, renewed.reasonCode(), renewed::toString);
    return peer;
  }

  private void awaitRefusalOfWill(String id) {
    Eventually.succeeds(
        () -> {
          String refusals = admin.get("/audit/refusals?target=/clients/" + id).expect(200).text();
          assertTrue(refusals.contains("\"WILL\""), refusals);
          return refusals;
        });
  }

  /** What comes next is the marker: no will came before it. */
  private void assertHearsNothingBut(Peer observer, String marker) throws IOException {
    Peer writer = peer(Transport.TCP, "writer-" + marker);
    writer.connect();
    writer.publish("marker", 1, marker);
    observer.acknowledge(observer.receivePublish(marker));
  }

  @Test
  void ofADeviceThatLeftTheGroupWhichMayPublishItIsNotSent() throws IOException {
    Peer observer = observer();
    observer.subscribe("#", 1);
    Peer leaves = device("p7", c -> c);
    admin.delete("/groups/alarms/members/p7").expect(204);
    leaves.close();
    awaitRefusalOfWill("p7");
    assertHearsNothingBut(observer, "after p7");
  }

  @Test
  void ofAClientWithALesserTokenIsNotSent() throws IOException {
    Peer observer = observer();
    observer.subscribe("#", 1);
    narrowedUser("ann", c -> c).close();
    awaitRefusalOfWill("ann");
    assertHearsNothingBut(observer, "after ann");
  }

  @Test
  void ofADisabledDeviceIsSentByTheGroupsThatItStillHas() throws IOException {
    Peer observer = observer();
    observer.subscribe("#", 1);
    Peer disabled = device("p8", c -> c);
    admin.put("/devices/p8", "{'enabled':false}").expect(200);
    disabled.expectDisconnect(NOT_AUTHORIZED);
    observer.acknowledge(observer.receivePublish("will of p8"));

    Peer expelled = device("p9", c -> c);
    admin.put("/devices/p9", "{'enabled':false,'groups':[]}").expect(200);
    expelled.expectDisconnect(NOT_AUTHORIZED);
    awaitRefusalOfWill("p9");
    assertHearsNothingBut(observer, "after p9");
  }

  @Test
  void isJudgedSoAfterARestartToo() throws IOException {
    Peer observer = observer();
    observer.subscribe("#", 1);
    device("p7", WillOfAChangedClientTest::persistent);
    admin.delete("/groups/alarms/members/p7").expect(204);
    Peer narrowed = narrowedUser("ann", WillOfAChangedClientTest::persistent);
    device("p8", WillOfAChangedClientTest::persistent);
    narrowed.subscribe("quiet", 1); // when it is answered, what came before is on disk
    broker.kill9();
    broker.restart();

    admin = AdminClient.administrator(broker);
    awaitRefusalOfWill("p7");
    awaitRefusalOfWill("ann");
    Peer back = observer();
    back.acknowledge(back.receivePublish("will of p8"));
    assertHearsNothingBut(back, "after the restart");
  }

  private static ConnectBytes persistent(ConnectBytes connect) {
    return connect.cleanStart(false).with(sessionExpiry(600));
  }
}
