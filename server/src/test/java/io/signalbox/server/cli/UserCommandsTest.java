package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.scram.ScramUser;
import io.signalbox.server.scram.UsersFile;
import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code signalbox users-file add}, {@code list} and {@code remove}. */
final class UserCommandsTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private boolean isTyped;

  @TempDir Path folder;
  private Path file = Path.of("users");

  @BeforeEach
  void nameFile() {
    file = folder.resolve("users");
  }

  private int run(Object command, String... arguments) {
    CommandLine line = new CommandLine(command);
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    line.setExecutionExceptionHandler(
        (e, _, _) -> {
          err.append(e.getMessage());
          return 1;
        });
    return line.execute(arguments);
  }

  private int add(String input, String name, String... more) {
    List<String> words = new ArrayList<>(List.of(name, "--file", file.toString()));
    if (!List.of(more).contains("--iterations")) {
      words.addAll(List.of("--iterations", "4096"));
    }
    words.addAll(List.of(more));
    return run(
        new UserAddCommand(
            new PasswordInput(new ByteArrayInputStream(input.getBytes(UTF_8)), isTyped)),
        words.toArray(String[]::new));
  }

  private ScramUser user(String name) throws Exception {
    return Objects.requireNonNull(UsersFile.read(file).find(name));
  }

  @Test
  void addsAUserWhosePasswordIsTheFirstLine() throws Exception {
    assertEquals(0, add("correct horse\r\nsecond line\n", "alice", "--group", "a", "--group", "b"));
    assertTrue(user("alice").verifier().isOf("correct horse"));
    assertEquals(List.of("a", "b"), user("alice").groups());
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertFalse(Files.readString(file).contains("correct"));
  }

  /** With standard output redirected: a terminal whose echo Java does not switch off. */
  @Test
  void readsNoPasswordThatWouldBeSeen() {
    isTyped = true;
    assertEquals(1, add("correct horse\n", "alice"));
    assertTrue(err.toString().contains("typed here would be seen"), err.toString());
    assertFalse(Files.exists(file));
  }

  @Test
  void givesAUserThatIsThereANewPasswordAndNewGroups() throws Exception {
    add("one", "alice", "--group", "a");
    add("bob's", "bob");
    add("two", "alice");
    assertFalse(user("alice").verifier().isOf("one"));
    assertTrue(user("alice").verifier().isOf("two"));
    assertEquals(List.of(), user("alice").groups());
    assertTrue(user("bob").verifier().isOf("bob's"));
  }

  @Test
  void storesANameInItsPreparedForm() throws Exception {
    assertEquals(0, add("x", "\u2168"));
    assertEquals("IX", user("IX").name());
  }

  @Test
  void refusesWhatCannotBeAUserOrAPassword() {
    assertEquals(1, add("x", "two words"));
    assertEquals(1, add("x", "#x"));
    assertEquals(1, add("x", "a\u200E"));
    assertEquals(1, add("x", "alice", "--group", "a,b"));
    assertEquals(1, add("x", "alice", "--iterations", "4095"));
    assertEquals(1, add("x", "alice", "--iterations", "1000001"));
    assertEquals(1, add("", "alice"));
    assertEquals(1, add("a\u0007", "alice"));
    assertEquals(1, add("eyJhbGciOiJub25lIn0.e30.", "alice"));
    assertTrue(err.toString().contains("could not be told from one"), err.toString());
    assertFalse(Files.exists(file));
  }

  @Test
  void changesTheFileThatALinkNames() throws Exception {
    Path shared = Files.createDirectory(folder.resolve("shared")).resolve("users");
    Files.createSymbolicLink(file, Path.of("shared", "users"));
    assertEquals(1, add("x", "alice"));
    assertTrue(err.toString().contains("names no file"), err.toString());
    Files.createFile(shared);
    assertEquals(0, add("x", "alice"), err::toString);
    assertEquals(0, add("x", "bob"), err::toString);
    assertEquals(0, run(new UserRemoveCommand(), "bob", "--file", file.toString()));
    assertTrue(Files.isSymbolicLink(file));
    assertTrue(Files.readString(shared).contains("alice"));
    assertTrue(Files.exists(shared.resolveSibling(".users.lock")), "locked where it is");
  }

  @Test
  void leavesABrokenFileAsItIs() throws Exception {
    Files.writeString(file, "broken\n");
    assertEquals(1, add("x", "alice"));
    assertEquals("broken\n", Files.readString(file));
    assertTrue(err.toString().contains(file + ":1: not three fields"), err.toString());
  }

  @Test
  void listsAndRemoves() {
    add("x", "bob");
    add("x", "alice", "--group", "a", "--group", "b");
    out.getBuffer().setLength(0);
    assertEquals(0, run(new UserListCommand(), "--file", file.toString()));
    assertEquals("alice\ta,b\t4096\nbob\t\t4096\n", out.toString());
    assertEquals(0, run(new UserRemoveCommand(), "alice", "--file", file.toString()));
    out.getBuffer().setLength(0);
    run(new UserListCommand(), "--file", file.toString());
    assertEquals("bob\t\t4096\n", out.toString());
    assertEquals(1, run(new UserRemoveCommand(), "alice", "--file", file.toString()));
    assertTrue(err.toString().contains("there is no user \"alice\""), err.toString());
  }
}
