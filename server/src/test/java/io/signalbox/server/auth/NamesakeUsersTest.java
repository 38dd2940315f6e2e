package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.RegistryFixture;
import io.signalbox.server.scram.ScramUser;
import io.signalbox.server.scram.ScramVerifier;
import io.signalbox.server.scram.UsersFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A name that passes from one user to another while the first is connected. */
final class NamesakeUsersTest {
  @TempDir Path directory;

  private RegistryFixture fixture;
  private Users users;

  @BeforeEach
  void open() throws Exception {
    fixture = RegistryFixture.open(directory);
    Path file = directory.resolve("users");
    var ofFile =
        new ScramUser("alice", List.of("file"), ScramVerifier.of("of-file", new byte[16], 4_096));
    UsersFile.empty().with(ofFile).write(file);
    users =
        Users.open(
            fixture.registry, file, directory, RegistryFixture.RANDOM, new Metrics(1, "test"));
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private void register(String password, String group) throws Exception {
    long now = System.currentTimeMillis();
    while (System.currentTimeMillis() == now) {
      Thread.onSpinWait(); // another one is made at another time
    }
    fixture.put(Kind.USER, "alice", "{'password':'" + password + "','groups':['" + group + "']}");
  }

  private void unregister() throws Exception {
    fixture.registry.delete(Kind.USER, "alice", Condition.NONE);
  }

  private Principal login(String password) throws CredentialException {
    return new PasswordAuthenticator(users).verify("alice", password.getBytes(UTF_8));
  }

  private void assertGone(Principal principal) {
    assertTrue(users.isGone(principal));
    assertEquals(List.of(), users.groupsOf(principal));
  }

  @Test
  void aUserOfTheRegistryThatIsRemovedDoesNotBecomeThatOfTheFile() throws Exception {
    register("of-registry", "registry");
    Principal alice = login("of-registry");
    unregister();
    assertGone(alice);
    assertEquals(List.of("file"), login("of-file").groups());
  }

  @Test
  void aUserOfTheFileDoesNotBecomeOneOfTheRegistry() throws Exception {
    Principal alice = login("of-file");
    register("of-registry", "admins");
    assertGone(alice);
  }

  @Test
  void aUserThatIsMadeAnewIsAnotherOne() throws Exception {
    register("of-first", "first");
    Principal alice = login("of-first");
    fixture.put(Kind.USER, "alice", "{'groups':['moved']}");
    assertFalse(users.isGone(alice), "the same one in other groups");
    assertEquals(List.of("moved"), users.groupsOf(alice));
    unregister();
    register("of-second", "second");
    assertGone(alice);
  }

  /** A client may take its time between the two messages of SCRAM. */
  @Test
  void whoProvesThePasswordOfTheFirstIsNotTheSecond() throws Exception {
    register("of-first", "first");
    ScramVerifier first = users.verifier("alice");
    unregister();
    register("of-second", "second");
    assertTrue(users.principal("alice", first, AuthMethod.SCRAM) == null);
    assertThrows(CredentialException.class, () -> login("of-first"));
    assertEquals(List.of("second"), login("of-second").groups());
  }

  /** As of a will that an earlier version stored. */
  @Test
  void whoeverIsRememberedWithoutAnAccountIsKnownByTheName() throws Exception {
    Principal alice = login("of-file");
    var remembered =
        new Principal(
            alice.id(),
            alice.method(),
            null,
            Objects.requireNonNull(alice.userName()),
            List.of(),
            alice.attributes(),
            null,
            null);
    assertEquals(List.of("file"), users.groupsOf(remembered));
  }
}
