package io.signalbox.server.scram;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of RFC 4013 section 3, and more of the tables behind them. */
final class SaslPrepTest {
  @ParameterizedTest
  @CsvSource({
    "I\u00ADX, IX",
    "user, user",
    "USER, USER",
    "\u00AA, a",
    "\u2168, IX",
    "a\u00A0b, a b",
    "a\u3000b, a b",
    "a\u200Bb, ab",
    "a\uFE0Fb, ab",
    "e\u0301, \u00E9",
    "\uFB01x, fix",
    "\u05D0\u05D1, \u05D0\u05D1",
    "\u05D01\u05D1, \u05D01\u05D1",
    "pass word, pass word",
    "\uD83D\uDE00, \uD83D\uDE00",
  })
  void prepares(String text, String prepared) throws Exception {
    assertEquals(prepared, SaslPrep.prepare(text));
    assertEquals(prepared, SaslPrep.prepare(prepared), "once prepared it stays");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u0007", "a\u0000", "\u007F", "\u0085", "\u06271", "\u0627a", "a\u0627", "1\u0627",
        "\uE000", "\uFFFD", "\uFFFE", "\uD800", "\u200E", "\u2028", "\u2FF0", "\uDB40\uDC01",
      })
  void refuses(String text) {
    assertThrows(ScramException.class, () -> SaslPrep.prepare(text));
  }
}
