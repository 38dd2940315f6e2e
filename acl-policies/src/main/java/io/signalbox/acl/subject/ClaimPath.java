package io.signalbox.acl.subject;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A way to values inside the claims of a token: {@code tenant}, {@code realm_access.roles[]},
 * {@code 'https://acme.example/groups'[]}.
 *
 * <p>A dot steps into a map, {@code []} takes every item of a list, single quotes hold a name with
 * dots or brackets. A path that does not fit the token's shape gives no value.
 *
 * @param steps names to step into; {@link #EVERY_ITEM} for {@code []}
 */
public record ClaimPath(List<String> steps) {
  /** Cannot be a name: no unquoted name holds brackets, and a quoted one is never equal to this. */
  private static final String EVERY_ITEM = "\0[]";

  private static final int STEPS_MAX = 16;

  public ClaimPath {
    steps = List.copyOf(steps);
  }

  /**
   * @throws IllegalArgumentException with what is wrong, fit to be shown
   */
  public static ClaimPath of(String text) {
    List<String> steps = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      int end;
      if (text.charAt(at) == '\'') {
        end = text.indexOf('\'', at + 1);
        if (end < 0) {
          throw new IllegalArgumentException(
              "the quote in claim path \"" + text + "\" does not end");
        }
        steps.add(text.substring(at + 1, end));
        end++;
      } else {
        end = at;
        while (end < text.length() && ".[]'".indexOf(text.charAt(end)) < 0) {
          end++;
        }
        steps.add(text.substring(at, end));
      }
      if (steps.getLast().isEmpty() || steps.getLast().indexOf('\0') >= 0) {
        throw new IllegalArgumentException("claim path \"" + text + "\" has an empty name");
      }
      while (text.startsWith("[]", end)) {
        steps.add(EVERY_ITEM);
        end += 2;
      }
      if (end < text.length() && text.charAt(end) != '.') {
        throw new IllegalArgumentException(
            "claim path \"%s\" has \"%s\" where \".\" or \"[]\" belongs"
                .formatted(text, text.charAt(end)));
      }
      at = end + 1;
    }
    if (text.isEmpty() || text.endsWith(".") || steps.size() > STEPS_MAX) {
      throw new IllegalArgumentException(
          "claim path \"%s\" must have 1 to %d names".formatted(text, STEPS_MAX));
    }
    return new ClaimPath(steps);
  }

  /** Whether there is a {@code []} in it. */
  public boolean isMultiValued() {
    return steps.contains(EVERY_ITEM);
  }

  /**
   * Puts a text where this path finds it.
   *
   * @param claims maps and lists that can be changed; grows
   * @return false when something of another shape is in the way
   */
  public boolean put(Map<String, Object> claims, String value) {
    return put(claims, 0, value);
  }

  @SuppressWarnings("unchecked") // only ever holds the maps and lists that are made here
  private boolean put(Object container, int step, String value) {
    boolean last = step == steps.size() - 1;
    boolean intoList = steps.get(step).equals(EVERY_ITEM);
    Object next = last ? value : emptyFor(step + 1);
    if (intoList) {
      if (!(container instanceof List<?> list)) {
        return false;
      }
      ((List<Object>) list).add(next);
    } else {
      if (!(container instanceof Map<?, ?> map)) {
        return false;
      }
      Object present = ((Map<String, Object>) map).putIfAbsent(steps.get(step), next);
      if (present != null && last) {
        return false;
      }
      next = present == null ? next : present;
    }
    return last || put(next, step + 1, value);
  }

  private Object emptyFor(int step) {
    return steps.get(step).equals(EVERY_ITEM) ? new ArrayList<>() : new LinkedHashMap<>();
  }

  /** The texts, numbers and booleans at the end of this path, as text. */
  public List<String> values(Map<String, ? extends @Nullable Object> claims) {
    List<String> found = new ArrayList<>();
    collect(claims, 0, found);
    return found;
  }

  private void collect(@Nullable Object value, int step, List<String> found) {
    if (step == steps.size()) {
      switch (value) {
        case String text -> found.add(text);
        case Boolean flag -> found.add(flag.toString());
        case Number number -> found.add(decimal(number));
        case null, default -> {}
      }
    } else if (steps.get(step).equals(EVERY_ITEM)) {
      if (value instanceof List<?> list) {
        list.forEach(item -> collect(item, step + 1, found));
      }
    } else if (value instanceof Map<?, ?> map) {
      collect(map.get(steps.get(step)), step + 1, found);
    }
  }

  /** 7, 7.0 and 7e0 are one number in JSON and must not be three in a policy. */
  private static String decimal(Number number) {
    if (number instanceof Double d && (d.isNaN() || d.isInfinite())) {
      return "";
    }
    BigDecimal exact = new BigDecimal(number.toString()).stripTrailingZeros();
    return Math.abs(exact.scale()) > 30 ? exact.toString() : exact.toPlainString();
  }
}
