package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When GET answers 304. */
final class KnownRevisionTest {
  private static final Set<Role> ALL = EnumSet.allOf(Role.class);

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = ';',
      value = {
        "'N'; 304",
        "W/'N'; 304",
        "'1000', W/'N'; 304",
        "*; 304",
        "'1000'; 200",
        "'N0'; 200",
        "N; 200",
        "W/x; 200",
      })
  void aDeviceIsNotSentToWhomHasItsRevision(String ifNoneMatch, int status) throws Exception {
    try (AdminApiFixture api = AdminApiFixture.open(directory, null)) {
      long revision = api.send(ALL, "PUT", "/devices/p7", "{}").revision();
      String header = ifNoneMatch.replace('\'', '"').replace("N", String.valueOf(revision));
      ApiResponse answer = api.get(ALL, "/devices/p7", header);
      assertEquals(status, answer.status());
      assertEquals(revision, answer.revision());
    }
  }

  @Test
  void aGroupIsSentBecauseItsMembersMakeNoRevisionOfIt() throws Exception {
    try (AdminApiFixture api = AdminApiFixture.open(directory, null)) {
      long revision = api.send(ALL, "PUT", "/groups/pumps", "{}").revision();
      api.send(ALL, "PUT", "/devices/p7", "{'groups':['pumps']}");
      ApiResponse answer = api.get(ALL, "/groups/pumps", "\"" + revision + "\"");
      assertEquals(200, answer.status());
      assertEquals(revision, answer.revision());
      String body = new String(answer.body(), UTF_8);
      assertTrue(body.replace(" ", "").contains("\"memberCount\":1"), body);
    }
  }
}
