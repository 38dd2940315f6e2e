package io.signalbox.acl.source;

/**
 * Bounds of one document, checked before memory is spent on it.
 *
 * @param charactersMax length of the text; positive
 * @param depthMax nesting of lists and maps; positive
 * @param nodesMax values, lists, maps and keys together; positive
 */
public record SourceLimits(int charactersMax, int depthMax, int nodesMax) {
  /** Room for a policy of 100,000 statements. */
  public static final SourceLimits DEFAULTS = new SourceLimits(32 << 20, 16, 4_000_000);

  public SourceLimits {
    if (charactersMax < 1 || depthMax < 1 || nodesMax < 1) {
      throw new IllegalArgumentException("source limits are positive");
    }
  }
}
