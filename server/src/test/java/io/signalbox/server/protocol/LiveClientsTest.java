package io.signalbox.server.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.Authentication;
import io.signalbox.server.auth.Authenticator;
import io.signalbox.server.auth.CredentialCheck;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LiveClientsTest {
  private static final int LOOPS = 3;

  @TempDir Path data;

  private final ManualLoops loops = new ManualLoops(LOOPS, 1);
  private final Set<String> withdrawn = ConcurrentHashMap.newKeySet();
  private final List<Runnable> heldAnswers = new ArrayList<>();
  private List<String> groups = List.of();
  private boolean hold;
  private World world;
  private LiveClients clients;

  /** What the broker knows of its clients now. */
  private final class Known implements CredentialCheck {
    @Override
    public Optional<String> problem(Principal principal, Peer peer, String clientId) {
      return withdrawn.contains(clientId) ? Optional.of("revoked") : Optional.empty();
    }

    @Override
    public Principal refreshed(Principal principal) {
      return principal.withGroups(groups);
    }
  }

  /** Whoever is in the group "banned" may not connect. */
  private static final class Rights extends SimulatedBroker.AllowAll {
    private final boolean banned;

    Rights(Principal principal) {
      banned = principal.groups().contains("banned");
    }

    @Override
    public AccessDecision connect() {
      return new AccessDecision(!banned, "test", false);
    }
  }

  @BeforeEach
  void wire() throws Exception {
    Authenticator authenticator =
        (_, _, _, answer) -> {
          Runnable accept = () -> answer.accept(new Authentication.Accepted(Principal.anonymous()));
          if (hold) {
            heldAnswers.add(accept);
          } else {
            accept.run();
          }
        };
    world =
        World.open(
            data,
            loops,
            authenticator,
            new SimulatedBroker.NoExchanges(),
            new Known(),
            (principal, _, _, _, _, _) -> new Rights(principal));
    clients = world.clients();
  }

  @AfterEach
  void close() {
    world.close();
  }

  private FakeConnection connect(int loop, String clientId) {
    var connection =
        new FakeConnection(loops, loops.loops.get(loop), ProtocolVersion.V5, world.protocol());
    Packet packet =
        new Connect(ProtocolVersion.V5, clientId, true, 60, null, null, null, Properties.NONE);
    connection.loop().execute(() -> connection.receive(packet));
    return connection;
  }

  private List<FakeConnection> connect(int count) {
    var made = new ArrayList<FakeConnection>();
    for (int i = 0; i < count; i++) {
      made.add(connect(i % LOOPS, "client%05d".formatted(i)));
    }
    settle();
    return made;
  }

  private void settle() {
    while (loops.step()) {}
  }

  @Test
  void tellsWhoIsConnectedPageByPage() {
    connect(10);
    assertEquals(10, clients.count());
    LiveClients.Page first = clients.list("", 4, _ -> true);
    assertEquals(
        List.of("client00000", "client00001", "client00002", "client00003"),
        first.clients().stream().map(LiveClient::clientId).toList());
    LiveClients.Page rest = clients.list(String.valueOf(first.next()), 100, _ -> true);
    assertEquals(6, rest.clients().size());
    assertEquals(null, rest.next());
    assertEquals(
        List.of("client00007"),
        clients.list("", 4, c -> c.clientId().endsWith("7")).clients().stream()
            .map(LiveClient::clientId)
            .toList());
    assertTrue(clients.find("client00007").isPresent());
  }

  @Test
  void tellsWhatTheThreadOfAClientKnows() throws Exception {
    connect(2);
    var detail = clients.detail("client00001");
    settle();
    LiveClientDetail known = detail.get().orElseThrow();
    assertEquals(60, known.client().keepAliveSeconds());
    assertEquals(1, known.traffic().packetsSent());
    assertFalse(known.durable());
    assertEquals(Optional.empty(), clients.detail("nobody").get());
  }

  @Test
  void forgetsAClientThatWentButNotTheOneThatTookItOver() {
    FakeConnection old = connect(0, "same");
    settle();
    connect(1, "same");
    settle();
    assertEquals(ReasonCode.SESSION_TAKEN_OVER, old.disconnectedWith);
    assertEquals(1, clients.count());
    assertTrue(clients.find("same").isPresent());
  }

  @Test
  void disconnectsManyInBoundedTurns() throws Exception {
    List<FakeConnection> connections = connect(1_000);
    assertEquals(1_000, clients.count());
    var ended =
        clients.disconnect(
            client -> !client.clientId().equals("client00042"),
            Ending.byAdministrator("maintenance"));
    int most = 0;
    int before = clients.count();
    while (loops.step()) {
      most = Math.max(most, before - clients.count());
      before = clients.count();
    }
    assertEquals(999, ended.get());
    assertEquals(1, clients.count());
    assertTrue(most <= 64, () -> "one turn ended more than its bound");
    assertEquals(ReasonCode.ADMINISTRATIVE_ACTION, connections.getFirst().disconnectedWith);
    assertTrue(connections.get(42).isOpen());
  }

  @Test
  void endsOnlyThoseWhoseCredentialsWereWithdrawn() throws Exception {
    List<FakeConnection> connections = connect(5);
    withdrawn.add("client00003");
    var ended = clients.recheckCredentials();
    settle();
    assertEquals(1, ended.get());
    assertEquals(ReasonCode.NOT_AUTHORIZED, connections.get(3).disconnectedWith);
    assertEquals(4, clients.count());
  }

  @Test
  void letsNobodyInWhoWasFoundGoodBeforeASweep() {
    hold = true;
    FakeConnection late = connect(0, "late");
    settle();
    withdrawn.add("late");
    var ended = clients.recheckCredentials();
    settle();
    assertTrue(ended.isDone());
    heldAnswers.forEach(answer -> loops.on(loops.loops.getFirst(), answer));
    settle();
    assertEquals(ReasonCode.NOT_AUTHORIZED, ((ConnAck) late.sent.getFirst()).reason());
    assertFalse(late.isOpen());
    assertEquals(0, clients.count());
  }

  @Test
  void aSweepFindsWhoIsConnectingWheneverItComes() {
    for (int time = 1; ; time++) {
      String clientId = "late" + time;
      var left = new AtomicInteger(time);
      loops.whenAskedForTheTime(
          () -> {
            if (left.decrementAndGet() == 0) {
              withdrawn.add(clientId);
              var _ = clients.recheckCredentials();
            }
          });
      FakeConnection late = connect(0, clientId);
      settle();
      if (left.get() > 0) { // nobody asked so often
        assertTrue(time > 1, "the sweep never came in the middle of a task");
        assertTrue(late.isOpen());
        return;
      }
      assertFalse(late.isOpen(), clientId);
      assertEquals(Optional.empty(), clients.find(clientId));
    }
  }

  @Test
  void whoConnectsWhileItsGroupsChangeHasTheNewOnes() {
    hold = true;
    connect(0, "late");
    settle();
    groups = List.of("moved");
    var renewed = clients.renewPrincipals(_ -> true);
    settle();
    assertTrue(renewed.isDone());
    heldAnswers.forEach(answer -> loops.on(loops.loops.getFirst(), answer));
    settle();
    assertEquals(List.of("moved"), clients.find("late").orElseThrow().principal().groups());
  }

  @Test
  void whoMayNotConnectWithItsNewGroupsIsDisconnected() throws Exception {
    FakeConnection connection = connect(0, "member");
    settle();
    groups = List.of("banned");
    var renewed = clients.renewPrincipals(_ -> true);
    settle();
    assertEquals(1, renewed.get());
    assertEquals(ReasonCode.NOT_AUTHORIZED, connection.disconnectedWith);
    assertEquals(0, clients.count());
  }

  @Test
  void visitsEachClientOnItsThreadAndWaitsForWhatThatHandsOver() {
    connect(200);
    var visits = new AtomicInteger();
    var handedOver = new AtomicInteger();
    var done =
        clients.visit(
            client -> {
              assertTrue(client.connection().loop().isCurrent());
              visits.incrementAndGet();
              int next = (client.connection().loop().index() + 1) % LOOPS;
              loops.loops.get(next).execute(handedOver::incrementAndGet);
            });
    while (!done.isDone()) {
      assertTrue(loops.step());
    }
    assertEquals(200, visits.get());
    assertEquals(200, handedOver.get());
  }
}
