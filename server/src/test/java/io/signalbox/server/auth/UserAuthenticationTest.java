package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.auth.Authentication.Accepted;
import io.signalbox.server.auth.Authentication.Rejected;
import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.scram.ScramUser;
import io.signalbox.server.scram.ScramVerifier;
import io.signalbox.server.scram.UsersFile;
import io.signalbox.server.trust.Fetcher;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The users file behind User Name and Password, and its changes. */
final class UserAuthenticationTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Queue<Runnable> work = new ArrayDeque<>();
  private final Metrics metrics = new Metrics(1, "test");
  private final InlineLoop loop = new InlineLoop();
  private final Fetcher fetcher = new Fetcher(metrics);

  @AfterEach
  void closeFetcher() {
    fetcher.close();
  }

  @TempDir Path folder;
  private Path file = Path.of("users");

  @BeforeEach
  void writeUsers() throws Exception {
    file = folder.resolve("users");
    UsersFile.empty().with(user("alice", "secret", "operators")).write(file);
  }

  private static final Peer PEER =
      new Peer("l", "tcp", InetAddress.getLoopbackAddress(), 1, null, List.of(), true, false, null);

  private static ScramUser user(String name, String password, String... groups) throws Exception {
    return new ScramUser(name, List.of(groups), ScramVerifier.of(password, new byte[16], 4_096));
  }

  private AuthenticatorChain chain() throws AuthSetupException {
    AuthConfig d = AuthConfig.DEFAULTS;
    return AuthenticatorChain.of(
        new AuthConfig(d.jwt(), file, 10, 10),
        folder,
        () -> {
          throw new IllegalStateException("no certificate is shown");
        },
        fetcher,
        null,
        null,
        work::add,
        new ManualClocks(),
        RANDOM,
        metrics);
  }

  private Authentication authenticate(
      AuthenticatorChain chain, @Nullable String name, String password) {
    var connect =
        new Connect(
            ProtocolVersion.V5,
            "c",
            true,
            0,
            null,
            name,
            password.getBytes(UTF_8),
            Properties.NONE);
    List<Authentication> answers = new ArrayList<>();
    chain.authenticate(connect, PEER, loop, answers::add);
    if (answers.isEmpty()) {
      work.remove().run();
      loop.run();
    }
    assertEquals(1, answers.size());
    return answers.getFirst();
  }

  private Principal principal(AuthenticatorChain chain, String name) {
    return assertInstanceOf(Accepted.class, authenticate(chain, name, "secret")).principal();
  }

  @Test
  void aPasswordIsCheckedByAWorkerAndGivesTheUsersGroups() throws Exception {
    AuthenticatorChain chain = chain();
    Principal alice = principal(chain, "alice");
    assertEquals("user:alice@users", alice.id());
    assertEquals(AuthMethod.PASSWORD, alice.method());
    assertEquals("alice", alice.userName());
    assertEquals(List.of("operators"), alice.groups());
    assertEquals(Principal.NEVER, alice.expiresAtMillis());
    assertEquals(alice, chain.refreshed(alice));
  }

  @Test
  void wrongPasswordsAndUnknownUsersAreRefusedAlikeAndByAWorkerToo() throws Exception {
    AuthenticatorChain chain = chain();
    for (String name : List.of("alice", "bob", "two words", "a\u0007")) {
      Rejected rejected = assertInstanceOf(Rejected.class, authenticate(chain, name, "guess"));
      assertEquals(ReasonCode.BAD_USER_NAME_OR_PASSWORD, rejected.reason());
      assertTrue(rejected.cause().matches("no user .* with this password"), rejected.cause());
      assertTrue(rejected.isGuess());
    }
    assertTrue(work.isEmpty());
  }

  @Test
  void withoutAUserNameOrWithATokenThePasswordIsAToken() throws Exception {
    AuthenticatorChain chain = chain();
    assertTrue(
        assertInstanceOf(Rejected.class, authenticate(chain, null, "secret"))
            .cause()
            .contains("no token"));
    String token =
        TokenIssuer.openOrCreate(folder, new ManualClocks(), RANDOM)
            .issue("ann", List.of(), Duration.ofMinutes(1));
    assertEquals(
        "user:ann@local",
        assertInstanceOf(Accepted.class, authenticate(chain, "alice", token)).principal().id());
  }

  @Test
  void aChangedFileIsTakenOverAndABrokenOneIsNot() throws Exception {
    AuthenticatorChain chain = chain();
    assertInstanceOf(Rejected.class, authenticate(chain, "bob", "secret"));
    UsersFile.read(file).with(user("bob", "secret")).write(file);
    chain.refresh();
    assertInstanceOf(Accepted.class, authenticate(chain, "bob", "secret"));
    Files.writeString(file, "broken");
    chain.refresh();
    assertInstanceOf(Accepted.class, authenticate(chain, "bob", "secret"));
    Files.delete(file);
    chain.refresh();
    assertInstanceOf(Accepted.class, authenticate(chain, "bob", "secret"));
    UsersFile.empty().write(file);
    Principal bob = principal(chain, "bob");
    assertTrue(chain.problem(bob, PEER, "c").isEmpty());
    assertTrue(chain.refresh());
    assertInstanceOf(Rejected.class, authenticate(chain, "bob", "secret"));
    assertEquals(
        "the user was removed or disabled, or another one has the name now",
        chain.problem(bob, PEER, "c").get());
  }

  /** As after a change of owner or mode, which no time of the file tells. */
  @Test
  void aFileThatCouldNotBeUsedIsReadAgainThoughNothingTellsOfAChange() throws Exception {
    AuthenticatorChain chain = chain();
    Path good = folder.resolve("good");
    UsersFile.read(file).with(user("bob", "secret")).write(good);
    String text = Files.readString(good);

    writeAsOf(1, "x".repeat(text.length()));
    assertFalse(chain.refresh());
    assertFalse(chain.refresh());
    assertEquals(1, metrics.usersReloadsFailed.value(), "told once");

    writeAsOf(1, text);
    assertTrue(chain.refresh());
    assertInstanceOf(Accepted.class, authenticate(chain, "bob", "secret"));
    assertFalse(chain.refresh());
  }

  /** In place, with a time of its own. */
  private void writeAsOf(long millis, String text) throws Exception {
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.fromMillis(millis));
  }

  @Test
  void aBrokenFileStartsNothing() throws Exception {
    Files.writeString(file, "broken");
    var e = assertThrows(AuthSetupException.class, this::chain);
    assertEquals(file + ":1: not three fields: name, groups or -, verifier", e.getMessage());
    assertThrows(
        AuthSetupException.class,
        () ->
            AuthenticatorChain.check(
                new AuthConfig(AuthConfig.DEFAULTS.jwt(), file, 1, 1), fetcher));
  }

  @Test
  void nobodysSaltOutlivesARestart() throws Exception {
    ScramVerifier before = Users.open(null, file, folder, RANDOM, metrics).verifier("nobody");
    ScramVerifier after = Users.open(null, file, folder, RANDOM, metrics).verifier("nobody");
    assertEquals(4_096, before.iterations(), "as many as users have");
    assertArrayEquals(before.salt(), after.salt());
  }
}
