package io.signalbox.server.scram;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

/** Any bytes are a users file that is written as it was read, or a list of problems. */
public final class UsersFileFuzz {
  private UsersFileFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws UsersFileException {
    UsersFile users;
    try {
      users = UsersFile.parse(data, "fuzz");
    } catch (UsersFileException e) {
      assertFalse(e.problems().isEmpty());
      return;
    }
    String text = users.text();
    assertEquals(text, UsersFile.parse(text.getBytes(UTF_8), "again").text());
  }
}
