package io.signalbox.server.scram;

import java.text.Normalizer;
import java.util.Arrays;

/**
 * SASLprep (RFC 4013), so that a name or password typed on two keyboards is one. It departs from
 * the RFC in one thing: what Unicode assigned after version 3.2 is allowed, because people use it.
 */
public final class SaslPrep {
  /** Table B.1 of RFC 3454: mapped to nothing. */
  private static final int[] NOTHING = {
    0x00AD, 0x034F, 0x1806, 0x180B, 0x180C, 0x180D, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF
  };

  private SaslPrep() {}

  /**
   * The prepared form; a text that has it already comes back as it is.
   *
   * @throws ScramException if the text holds what SASLprep prohibits
   */
  public static String prepare(String text) throws ScramException {
    if (isPlain(text)) {
      return text;
    }
    var mapped = new StringBuilder(text.length());
    text.codePoints()
        .filter(codePoint -> !isMappedToNothing(codePoint))
        .map(codePoint -> isOtherSpace(codePoint) ? ' ' : codePoint)
        .forEach(mapped::appendCodePoint);
    String prepared = Normalizer.normalize(mapped, Normalizer.Form.NFKC);
    int bad = prepared.codePoints().filter(SaslPrep::isProhibited).findFirst().orElse(-1);
    if (bad >= 0) {
      throw new ScramException(
          "a text with the character U+%04X, which is prohibited".formatted(bad));
    }
    checkDirections(prepared);
    return prepared;
  }

  /** Printable ASCII, by far the usual case, is prepared. */
  private static boolean isPlain(String text) {
    return text.chars().allMatch(c -> c >= ' ' && c < 0x7F);
  }

  private static boolean isMappedToNothing(int codePoint) {
    return Arrays.binarySearch(NOTHING, codePoint) >= 0
        || (codePoint >= 0xFE00 && codePoint <= 0xFE0F);
  }

  /** Table C.1.2. U+200B is in it too, but is mapped to nothing first. */
  private static boolean isOtherSpace(int codePoint) {
    return codePoint != ' ' && Character.getType(codePoint) == Character.SPACE_SEPARATOR;
  }

  /** Tables C.2 to C.9, by the general categories that make them up, and what is not assigned. */
  private static boolean isProhibited(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default ->
          codePoint == 0xFFFC
              || codePoint == 0xFFFD
              || codePoint == 0x0340
              || codePoint == 0x0341
              || (codePoint >= 0x2FF0 && codePoint <= 0x2FFB);
    };
  }

  /** RFC 3454 section 6: a text runs one way, and one from right to left does so at both ends. */
  private static void checkDirections(String text) throws ScramException {
    if (text.codePoints().noneMatch(SaslPrep::runsFromRight)) {
      return;
    }
    boolean mixed =
        text.codePoints()
            .anyMatch(
                codePoint ->
                    Character.getDirectionality(codePoint)
                        == Character.DIRECTIONALITY_LEFT_TO_RIGHT);
    if (mixed
        || !runsFromRight(text.codePointAt(0))
        || !runsFromRight(text.codePointBefore(text.length()))) {
      throw new ScramException("a text that mixes writing directions");
    }
  }

  private static boolean runsFromRight(int codePoint) {
    byte direction = Character.getDirectionality(codePoint);
    return direction == Character.DIRECTIONALITY_RIGHT_TO_LEFT
        || direction == Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC;
  }
}
