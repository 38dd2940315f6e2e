package io.signalbox.server.scram;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class UsersFileTest {
  private static final String VERIFIER =
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
          + ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

  @TempDir Path folder;

  private static UsersFile parse(String text) throws UsersFileException {
    return UsersFile.parse(text.getBytes(UTF_8), "users");
  }

  private static List<String> problems(String text) {
    return assertThrows(UsersFileException.class, () -> parse(text)).problems();
  }

  @Test
  void readsWhatItWrites() throws Exception {
    UsersFile users =
        parse("# a comment\n\nbob - " + VERIFIER + "\r\nalice a,b\t" + VERIFIER + "\n");
    Path file = folder.resolve("users");
    users.write(file);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    UsersFile read = UsersFile.read(file);
    assertEquals(List.of("alice", "bob"), read.users().stream().map(ScramUser::name).toList());
    assertEquals(List.of("a", "b"), Objects.requireNonNull(read.find("alice")).groups());
    assertEquals(List.of(), Objects.requireNonNull(read.find("bob")).groups());
    assertTrue(Objects.requireNonNull(read.find("bob")).verifier().isOf("pencil"));
    assertNull(read.without("bob").find("bob"));
    assertNull(read.find("Alice"));
  }

  /** A user who is switched off by a hash at the line's beginning would lose the verifier. */
  @Test
  void keepsCommentsWhereTheyStood() throws Exception {
    String off = "#alice - " + VERIFIER + "\n";
    String bob = "bob - " + VERIFIER + "\n";
    String carol = "carol - " + VERIFIER + "\n";
    String header = UsersFile.empty().text();
    UsersFile users =
        parse(header + "# staff\n" + off + bob + "# guests\n" + carol + "# the last line\n");
    UsersFile more = users.with(Objects.requireNonNull(parse("abe - " + VERIFIER).find("abe")));
    String text =
        header
            + "abe - "
            + VERIFIER
            + "\n# staff\n"
            + off
            + bob
            + "# guests\n"
            + carol
            + "# the last line\n";
    assertEquals(text, more.text());
    assertEquals(text, parse(more.text()).text());
    assertEquals(text.replace(bob, ""), more.without("bob").text());
    assertEquals(
        text.replace(bob, "").replace(carol, ""), more.without("bob").without("carol").text());
    assertEquals(text.replace(carol, ""), parse(text).without("carol").text());
  }

  @Test
  void leavesItsFileToWhomItBelongs() throws Exception {
    Path file = Files.writeString(folder.resolve("users"), "");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    if (Files.getOwner(file).getName().equals("root")) { // others cannot give files away
      Files.setAttribute(file, "unix:uid", 12_345);
      Files.setAttribute(file, "unix:gid", 23_456);
    }
    Map<String, Object> before = Files.readAttributes(file, "unix:uid,gid,mode");

    parse("bob - " + VERIFIER + "\n").write(file);

    assertEquals(before, Files.readAttributes(file, "unix:uid,gid,mode"));
    assertEquals(1, UsersFile.read(file).users().size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          alice VERIFIER               | not three fields
          alice - x VERIFIER           | not three fields
          alice - pencil               | not a verifier of the form
          alice - SCRAM-SHA-256$4095:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU= | 4095 iterations are outside 4096..1000000
          alice - SCRAM-SHA-256$1000001:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU= | 1000001 iterations are outside
          alice - SCRAM-SHA-256$4096:AAAA$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU= | a salt of 3 bytes is outside 8..64
          alice - SCRAM-SHA-256$4096:****$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU= | Illegal base64
          alice a,,b VERIFIER          | the group "" is empty
          \u00AAlice - VERIFIER        | not in the form that SASLprep
          a\u200Eb - VERIFIER          | U+200E, which is prohibited
          """)
  void saysWhatIsWrongWithALine(String line, String problem) {
    List<String> problems = problems(line.replace("VERIFIER", VERIFIER) + "\n");
    assertEquals(1, problems.size());
    assertTrue(problems.getFirst().startsWith("users:1: "), problems.getFirst());
    assertTrue(problems.getFirst().contains(problem), problems.getFirst());
  }

  @Test
  void namesEveryBadLineAndNoPassword() {
    List<String> problems =
        problems("alice - " + VERIFIER + "\nbob - hunter2\nalice - " + VERIFIER + "\nc\n");
    assertEquals(3, problems.size());
    assertTrue(problems.get(0).startsWith("users:2: "), problems.get(0));
    assertTrue(problems.get(1).contains("users:3: a user for the second time"), problems.get(1));
    assertTrue(problems.get(2).startsWith("users:4: "), problems.get(2));
    assertFalse(problems.toString().contains("hunter2"));
  }

  @Test
  void holdsFiftyThousandUsersAndNoMore() throws Exception {
    String text =
        IntStream.range(0, UsersFile.USERS_MAX)
            .mapToObj(i -> "user" + i + " - " + VERIFIER + "\n")
            .collect(Collectors.joining());
    assertEquals(UsersFile.USERS_MAX, parse(text).users().size());
    assertEquals(
        List.of("users: more than 50000 users"), problems(text + "onemore - " + VERIFIER + "\n"));
  }

  @Test
  void refusesAFileThatIsTooLargeMissingOrNotText() throws Exception {
    Path file = folder.resolve("large");
    Files.writeString(file, "#".repeat(UsersFile.BYTES_MAX + 1));
    assertTrue(
        assertThrows(UsersFileException.class, () -> UsersFile.read(file))
            .problems()
            .getFirst()
            .contains("larger than"));
    assertThrows(UsersFileException.class, () -> UsersFile.read(folder.resolve("missing")));
    assertThrows(
        UsersFileException.class, () -> UsersFile.parse(new byte[] {(byte) 0xC0}, "users"));
  }
}
