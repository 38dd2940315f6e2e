package io.signalbox.server.registry;

/**
 * What is wrong with one place of what somebody sent.
 *
 * @param pointer which field, as RFC 6901 writes it; empty: the whole, or see {@code line}
 * @param detail for people; never a secret
 * @param line of a text, from 1; 0: none
 * @param column of a text, in characters, from 1; 0: none
 */
public record FieldProblem(String pointer, String detail, int line, int column) {
  public FieldProblem(String pointer, String detail) {
    this(pointer, detail, 0, 0);
  }
}
