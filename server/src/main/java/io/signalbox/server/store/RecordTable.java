package io.signalbox.server.store;

/** Tables of small records that an operator edits; each record carries a revision. */
public enum RecordTable {
  REGISTRY(1),
  REVOKED(2),
  POLICY(3);

  private final int code;

  RecordTable(int code) {
    this.code = code;
  }

  /** Stands for the table in the byte form of commands. */
  int code() {
    return code;
  }

  static RecordTable ofCode(int code) {
    for (RecordTable table : values()) {
      if (table.code == code) {
        return table;
      }
    }
    throw new CorruptRowException("record table " + code);
  }
}
