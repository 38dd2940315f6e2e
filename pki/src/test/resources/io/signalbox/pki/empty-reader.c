/* A PKCS#11 library (version 2.40) with one slot, for tokens that can be taken out, and none in it. */
#include <string.h>

#define FUNCTIONS 68
#define CKF_REMOVABLE_DEVICE 2UL
#define CKR_OK 0UL
#define CKR_TOKEN_NOT_PRESENT 0xE0UL

typedef unsigned long ck_result;
typedef unsigned char ck_version[2];

struct info {
  ck_version cryptoki;
  unsigned char manufacturer[32];
  unsigned long flags;
  unsigned char description[32];
  ck_version library;
};

struct slot_info {
  unsigned char description[64];
  unsigned char manufacturer[32];
  unsigned long flags;
  ck_version hardware, firmware;
};

static ck_result initialize(void *arguments) {
  (void)arguments;
  return CKR_OK;
}

static ck_result get_info(struct info *info) {
  memset(info, ' ', sizeof *info);
  info->cryptoki[0] = 2;
  info->cryptoki[1] = 40;
  info->flags = 0;
  return CKR_OK;
}

static ck_result get_slot_list(unsigned char with_token, unsigned long *slots, unsigned long *count) {
  if (slots != NULL && !with_token) {
    slots[0] = 0;
  }
  *count = with_token ? 0 : 1;
  return CKR_OK;
}

static ck_result get_slot_info(unsigned long slot, struct slot_info *info) {
  (void)slot;
  memset(info, ' ', sizeof *info);
  info->flags = CKF_REMOVABLE_DEVICE;
  return CKR_OK;
}

static ck_result no_token(void) { return CKR_TOKEN_NOT_PRESENT; }

static struct {
  ck_version version;
  void *functions[FUNCTIONS];
} list;

ck_result C_GetFunctionList(void **out) {
  for (int i = 0; i < FUNCTIONS; i++) {
    list.functions[i] = (void *)no_token;
  }
  list.version[0] = 2;
  list.version[1] = 40;
  list.functions[0] = (void *)initialize;
  list.functions[2] = (void *)get_info;
  list.functions[3] = (void *)C_GetFunctionList;
  list.functions[4] = (void *)get_slot_list;
  list.functions[5] = (void *)get_slot_info;
  *out = &list;
  return CKR_OK;
}
