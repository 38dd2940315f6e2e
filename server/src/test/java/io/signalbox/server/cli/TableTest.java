package io.signalbox.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TableTest {
  private static JsonObject row(String name, int count) {
    var row = new JsonObject();
    row.addProperty("name", name);
    row.addProperty("count", count);
    return row;
  }

  @Test
  void eachColumnIsAsWideAsItsWidestCell() {
    var out = new StringWriter();
    Table.print(
        List.of(row("a", 7), row("longer", 8)), List.of("name", "count"), new PrintWriter(out));
    assertEquals(
        "NAME    COUNT|a       7|longer  8|", out.toString().replace(System.lineSeparator(), "|"));
  }

  /** Had each line looked at all others, that were some minutes. */
  @Test
  void manyLinesTakeNoLongerThanTheirNumber() {
    List<JsonObject> rows = IntStream.range(0, 200_000).mapToObj(i -> row("r", i)).toList();
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () ->
            Table.print(
                rows,
                List.of("name", "count", "a", "b", "c"),
                new PrintWriter(Writer.nullWriter())));
  }
}
