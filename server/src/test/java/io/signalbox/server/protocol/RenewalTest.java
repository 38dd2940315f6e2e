package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.auth.Authentication;
import io.signalbox.server.auth.Authenticator;
import io.signalbox.server.auth.ExchangeAuthenticator;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Auth;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.SigningKey;
import io.signalbox.server.principal.TokenClaims;
import io.signalbox.server.topic.TopicName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fresh token by a publish to {@code $signalbox/auth/renew}, and what happens without one. */
final class RenewalTest {
  private static final long HOUR = 3_600_000;

  @TempDir Path data;

  private final ManualLoops loops = new ManualLoops(1, 1);
  private final Set<String> revoked = new HashSet<>();

  /** The token that is no good. */
  private static final String BAD = "bad";

  private static final String UNKNOWN = "unknown";

  /** Runs when the token was found good, before anybody knows. */
  private Runnable whenFound = () -> {};

  /** Exchanges that were begun and have not ended. */
  private int open;

  /** Those who show a token are answered by {@link #late}. */
  private boolean answersLater;

  private Runnable late = () -> {};

  /** Who shows it, by the token's text. */
  private Function<String, Principal> found = user -> of(user, "fresh");

  private Principal of(String user) {
    return of(user, "");
  }

  private Principal of(String user, String tokenId) {
    return of("user:" + user, null, user, tokenId);
  }

  /** A device's certificate and a user's token. */
  private Principal ofKiosk(String user) {
    return of("device:kiosk", "kiosk", user, "");
  }

  private Principal of(String id, @Nullable String deviceId, String user, String tokenId) {
    return new Principal(
        id,
        AuthMethod.JWT,
        deviceId,
        user,
        List.of(),
        Map.of(),
        null,
        new TokenClaims(
            "login",
            user,
            List.of(),
            tokenId,
            Map.of(),
            loops.wallMillis() + HOUR,
            loops.wallMillis(),
            false,
            new SigningKey() {}));
  }

  private World world(Principal who) throws Exception {
    return world(data, answering(who));
  }

  private static Authenticator answering(Principal who) {
    return (_, _, _, answer) -> answer.accept(new Authentication.Accepted(who));
  }

  private World world(Path folder, Authenticator authenticator) throws Exception {
    return World.open(
        folder,
        loops,
        authenticator,
        new ExchangeAuthenticator() {
          @Override
          public boolean knows(String method) {
            return true;
          }

          @Override
          public Exchange begin(String method, Connect connect, Peer peer) {
            open++;
            return new OneToken();
          }
        },
        (principal, _, _) ->
            Optional.ofNullable(principal.token())
                .filter(token -> revoked.contains(token.tokenId()))
                .map(_ -> "the token was revoked"));
  }

  private final class OneToken implements ExchangeAuthenticator.Exchange {
    private boolean ended;

    @Override
    public void next(byte[] token, EventLoop loop, Consumer<Authentication> answer) {
      Authentication answered =
          token.length == 0
              ? new Authentication.Rejected(ReasonCode.NOT_AUTHORIZED, "no token")
              : switch (new String(token, UTF_8)) {
                case BAD ->
                    new Authentication.Rejected(
                        ReasonCode.BAD_USER_NAME_OR_PASSWORD, "a wrong signature", true);
                case UNKNOWN ->
                    new Authentication.Rejected(ReasonCode.SERVER_UNAVAILABLE, "the check failed");
                default -> new Authentication.Accepted(found.apply(new String(token, UTF_8)));
              };
      whenFound.run();
      if (answersLater) {
        late = () -> answer.accept(answered);
      } else {
        answer.accept(answered);
      }
    }

    @Override
    public void end() {
      open -= ended ? 0 : 1;
      ended = true;
    }
  }

  private FakeConnection connect(World world, ProtocolVersion version) {
    var connection = new FakeConnection(loops, loops.loops.getFirst(), version, world.protocol());
    send(connection, new Connect(version, "c", true, 0, null, null, null, Properties.NONE));
    return connection;
  }

  private void send(FakeConnection connection, Packet packet) {
    connection.loop().execute(() -> connection.receive(packet));
    settle();
  }

  private void settle() {
    while (loops.step()) {}
  }

  private void renew(FakeConnection connection, Qos qos, String token) throws Exception {
    renew(connection, qos, qos == Qos.AT_MOST_ONCE ? 0 : 7, token);
  }

  private void renew(FakeConnection connection, Qos qos, int packetId, String token)
      throws Exception {
    send(
        connection,
        new Publish(
            TopicName.of(RenewHandler.TOPIC),
            qos,
            false,
            true,
            packetId,
            Properties.NONE,
            token.getBytes(UTF_8)));
  }

  private static ReasonCode lastPubAck(FakeConnection connection) {
    return ((PubAck) Objects.requireNonNull(connection.sent.peekLast())).reason();
  }

  /** The bound on guesses of an address would not count those whose client hangs up. */
  @Test
  void aGuessThatIsJudgedWhenItsClientHasGoneIsAGuess() throws Exception {
    var bad =
        new Authentication.Rejected(ReasonCode.BAD_USER_NAME_OR_PASSWORD, "no such password", true);
    var good = new Authentication.Accepted(of("alice"));
    for (Authentication verdict : List.of(bad, good)) {
      List<Consumer<Authentication>> asked = new ArrayList<>();
      try (World world =
          world(
              data.resolve(verdict.equals(bad) ? "bad" : "good"),
              (_, _, _, answer) -> asked.add(answer))) {
        FakeConnection connection = connect(world, ProtocolVersion.V5);
        connection.loop().execute(connection::drop);
        settle();
        connection.loop().execute(() -> asked.getFirst().accept(verdict));
        settle();
        assertEquals(verdict.equals(bad) ? 1 : 0, connection.credentialsRefused);
        assertEquals(connection.credentialsRefused, connection.guesses);
      }
    }
  }

  @Test
  void aTokenOfAnExchangeThatIsJudgedTooLateCounts() throws Exception {
    try (World world = world(of("alice"))) {
      answersLater = true;
      var connection =
          new FakeConnection(loops, loops.loops.getFirst(), ProtocolVersion.V5, world.protocol());
      Properties method = Properties.NONE.with(Property.AUTHENTICATION_METHOD, "JWT");
      send(connection, new Connect(ProtocolVersion.V5, "c", true, 0, null, null, null, method));
      connection.loop().execute(connection::connectTimesOut);
      connection.loop().execute(late);
      settle();
      assertEquals(ReasonCode.SERVER_UNAVAILABLE, ((ConnAck) connection.sent.remove()).reason());
      assertEquals(1, connection.credentialsRefused);
      assertEquals(0, connection.guesses);
    }
  }

  @Test
  void aFreshTokenExtendsTheConnection() throws Exception {
    try (World world = world(of("alice"))) {
      FakeConnection connection = connect(world, ProtocolVersion.V3_1_1);
      loops.advance(HOUR / 2);
      renew(connection, Qos.AT_LEAST_ONCE, "alice");
      assertEquals(ReasonCode.SUCCESS, lastPubAck(connection));
      loops.advance(HOUR - 1_000);
      settle();
      assertTrue(connection.isOpen(), "past the end of the first token");
      loops.advance(2_000);
      settle();
      assertFalse(connection.isOpen(), "past the end of the second");
      assertEquals(ReasonCode.MAXIMUM_CONNECT_TIME, connection.disconnectedWith);
      assertEquals(0, world.retained().count(), "the token must be kept nowhere");
    }
  }

  @Test
  void anotherPrincipalsTokenChangesNothingIn5() throws Exception {
    try (World world = world(of("alice"))) {
      FakeConnection connection = connect(world, ProtocolVersion.V5);
      renew(connection, Qos.AT_LEAST_ONCE, "mallory");
      assertEquals(ReasonCode.NOT_AUTHORIZED, lastPubAck(connection));
      assertTrue(connection.isOpen());
      loops.advance(HOUR + 1_000);
      settle();
      assertEquals(ReasonCode.MAXIMUM_CONNECT_TIME, connection.disconnectedWith);
    }
  }

  @Test
  void aCredentialThatIsNotTakenCounts() throws Exception {
    try (World world = world(of("alice"))) {
      var connection =
          new FakeConnection(loops, loops.loops.getFirst(), ProtocolVersion.V5, world.protocol());
      Properties method = Properties.NONE.with(Property.AUTHENTICATION_METHOD, "JWT");
      send(connection, new Connect(ProtocolVersion.V5, "c", true, 0, null, null, null, method));
      assertEquals(ReasonCode.NOT_AUTHORIZED, ((ConnAck) connection.sent.remove()).reason());
      assertEquals(1, connection.credentialsRefused);
      assertEquals(0, connection.guesses);
    }
  }

  @Test
  void aWrongTokenInPlaceOfAGoodOneIsAGuess() throws Exception {
    for (boolean hangsUp : new boolean[] {false, true}) {
      try (World world = world(data.resolve("renews-" + hangsUp), answering(of("alice")))) {
        answersLater = hangsUp;
        FakeConnection connection = connect(world, ProtocolVersion.V5);
        renew(connection, Qos.AT_LEAST_ONCE, BAD);
        hangUp(connection, hangsUp);
        assertEquals(1, connection.guesses);
        assertEquals(!hangsUp, connection.isOpen());
      }
      answersLater = false;
      try (World world = world(data.resolve("again-" + hangsUp), answering(of("alice")))) {
        FakeConnection connection = connectByMethod(world);
        answersLater = hangsUp;
        reauthenticate(connection, BAD);
        hangUp(connection, hangsUp);
        assertEquals(1, connection.guesses);
        assertEquals(hangsUp ? null : ReasonCode.NOT_AUTHORIZED, connection.disconnectedWith);
      }
    }
  }

  private FakeConnection connectByMethod(World world) throws Exception {
    var connection =
        new FakeConnection(loops, loops.loops.getFirst(), ProtocolVersion.V5, world.protocol());
    send(
        connection,
        new Connect(ProtocolVersion.V5, "c", true, 0, null, null, null, byMethod("alice")));
    assertEquals(ReasonCode.SUCCESS, ((ConnAck) connection.sent.remove()).reason());
    assertEquals(0, connection.credentialsRefused);
    return connection;
  }

  private void reauthenticate(FakeConnection connection, String token) throws Exception {
    send(connection, new Auth(ReasonCode.RE_AUTHENTICATE, byMethod(token)));
  }

  private static Properties byMethod(String token) {
    return Properties.NONE
        .with(Property.AUTHENTICATION_METHOD, "JWT")
        .with(Property.AUTHENTICATION_DATA, token.getBytes(UTF_8));
  }

  /** Server unavailable may stand in a CONNACK only (MQTT 5.0 section 2.4). */
  @Test
  void aTokenThatCannotBeCheckedEndsTheConnectionInOrder() throws Exception {
    try (World world = world(of("alice"))) {
      FakeConnection connection = connectByMethod(world);
      reauthenticate(connection, UNKNOWN);
      assertEquals(ReasonCode.UNSPECIFIED_ERROR, connection.disconnectedWith);
      assertFalse(connection.isOpen());
    }
  }

  /** Before it is answered. */
  private void hangUp(FakeConnection connection, boolean hangsUp) {
    if (hangsUp) {
      connection.loop().execute(connection::drop);
      settle();
      connection.loop().execute(late);
      settle();
    }
  }

  @Test
  void anotherUsersTokenIsNotForTheSameDevice() throws Exception {
    found = this::ofKiosk;
    try (World world = world(ofKiosk("alice"))) {
      FakeConnection connection = connect(world, ProtocolVersion.V5);
      renew(connection, Qos.AT_LEAST_ONCE, 1, "bob");
      assertEquals(ReasonCode.NOT_AUTHORIZED, lastPubAck(connection));
      renew(connection, Qos.AT_LEAST_ONCE, 2, "alice");
      assertEquals(ReasonCode.SUCCESS, lastPubAck(connection));
    }
  }

  @Test
  void anotherPrincipalsTokenEndsAConnectionOf3() throws Exception {
    try (World world = world(of("alice"))) {
      FakeConnection connection = connect(world, ProtocolVersion.V3_1_1);
      renew(connection, Qos.AT_LEAST_ONCE, "mallory");
      assertEquals(ReasonCode.NOT_AUTHORIZED, connection.disconnectedWith);
    }
  }

  @Test
  void whoCameWithoutATokenCannotRenewOne() throws Exception {
    try (World world = world(Principal.anonymous())) {
      FakeConnection connection = connect(world, ProtocolVersion.V5);
      renew(connection, Qos.AT_LEAST_ONCE, "alice");
      assertEquals(ReasonCode.NOT_AUTHORIZED, lastPubAck(connection));
      assertNull(connection.disconnectedWith);
    }
  }

  @Test
  void aTokenThatIsRevokedWhileItIsTakenOverEndsTheConnection() throws Exception {
    try (World world = world(of("alice"))) {
      FakeConnection connection = connect(world, ProtocolVersion.V5);
      whenFound =
          () -> {
            revoked.add("fresh");
            var _ = world.clients().recheckCredentials();
          };
      renew(connection, Qos.AT_LEAST_ONCE, "alice");
      assertEquals(ReasonCode.NOT_AUTHORIZED, connection.disconnectedWith);
      assertEquals(0, world.clients().count());
    }
  }

  @Test
  void everyRenewalEndsItsExchangeHoweverItWentOut() throws Exception {
    try (World world = world(of("alice"))) {
      FakeConnection connection = connect(world, ProtocolVersion.V5);
      for (String token : List.of("alice", "mallory", "", "alice")) {
        renew(connection, Qos.AT_LEAST_ONCE, token);
        assertEquals(0, open, "after \"" + token + "\"");
      }
      assertTrue(connection.isOpen());
    }
    try (World world = world(of("alice"))) {
      renew(connect(world, ProtocolVersion.V3_1_1), Qos.AT_LEAST_ONCE, "mallory");
      assertEquals(0, open);
    }
  }

  @Test
  void aClientThatGoesBeforeTheAnswerEndsItsExchange() throws Exception {
    try (World world = world(of("alice"))) {
      answersLater = true;
      FakeConnection connection = connect(world, ProtocolVersion.V5);
      renew(connection, Qos.AT_LEAST_ONCE, "alice");
      assertEquals(1, open);
      connection.loop().execute(connection::drop);
      settle();
      assertEquals(0, open);
      connection.loop().execute(late);
      settle();
      assertEquals(0, open);
      assertEquals(0, world.clients().count());
    }
  }

  @Test
  void whoRenewsTwiceAtOnceIsAnsweredForEachAndHoldsOneExchange() throws Exception {
    try (World world = world(of("alice"))) {
      answersLater = true;
      FakeConnection connection = connect(world, ProtocolVersion.V5);
      renew(connection, Qos.AT_LEAST_ONCE, 7, "alice");
      renew(connection, Qos.AT_LEAST_ONCE, 8, "alice");
      assertEquals(1, open);
      connection.loop().execute(late);
      settle();
      assertEquals(0, open);
      assertEquals(ReasonCode.NOT_AUTHORIZED, lastPubAck(connection), "the second one's");
      assertTrue(connection.sent.contains(new PubAck(7, ReasonCode.SUCCESS, Properties.NONE)));
    }
  }

  @Test
  void otherQosAreNotForIt() throws Exception {
    try (World world = world(of("alice"))) {
      FakeConnection connection = connect(world, ProtocolVersion.V5);
      renew(connection, Qos.AT_MOST_ONCE, "alice");
      renew(connection, Qos.EXACTLY_ONCE, "alice");
      loops.advance(HOUR + 1_000);
      settle();
      assertEquals(ReasonCode.MAXIMUM_CONNECT_TIME, connection.disconnectedWith);
    }
  }

  /** Else clients with short tokens would push the changes of administrators out of the log. */
  @Test
  void whoIsToldOfEndingsIsToldOfWithdrawnCredentialsAndNotOfTheirOwnEnd() throws Exception {
    List<LiveClients.Ended> told = new ArrayList<>();
    try (World world = world(of("alice", "first"))) {
      world.clients().onEnded(told::addAll);
      FakeConnection ended = connect(world, ProtocolVersion.V5);
      loops.advance(HOUR + 1_000);
      settle();
      assertEquals(ReasonCode.MAXIMUM_CONNECT_TIME, ended.disconnectedWith);
      assertEquals(List.of(), told);
    }
    try (World world = world(data.resolve("again"), answering(of("alice", "first")))) {
      world.clients().onEnded(told::addAll);
      FakeConnection withdrawn = connect(world, ProtocolVersion.V5);
      revoked.add("first");
      var swept = world.clients().recheckCredentials();
      settle();
      assertEquals(1, swept.get());
      assertEquals(ReasonCode.NOT_AUTHORIZED, withdrawn.disconnectedWith);
      assertEquals("c", told.getFirst().client().clientId());
    }
  }

  @Test
  void aClockThatWasSetEndsWhatHasEndedByIt() throws Exception {
    try (World world = world(of("alice"))) {
      FakeConnection connection = connect(world, ProtocolVersion.V5);
      List<LiveClients.Ended> told = new ArrayList<>();
      world.clients().onEnded(told::addAll);
      var early = world.clients().endExpired(loops.wallMillis() + HOUR - 1);
      settle();
      assertEquals(0, early.get());
      var late = world.clients().endExpired(loops.wallMillis() + HOUR);
      settle();
      assertEquals(1, late.get());
      assertEquals(ReasonCode.MAXIMUM_CONNECT_TIME, connection.disconnectedWith);
      assertEquals(List.of(), told);
    }
  }
}
