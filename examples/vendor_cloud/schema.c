/* The vendor's schema: which tables and fields there are, as get_app_schema tells.
 *
 * The library holds every row to it before it is sent: an unknown table or field, a value of another type, a missing key
 * do not get here. A cloud with a server has its schema there, and answers with that. This one has none of its own: it
 * learns from whoever connects, keeps what it has learnt, and adds what is new. */
#define _POSIX_C_SOURCE 200809L
#include "cloud.h"

#include <stdlib.h>
#include <string.h>

/* A list that the library takes: pointers, and their number. The forms in it are the cloud's own copies. */
struct list {
    void **items;
    size_t count;
};

static bool list_add(struct list *list, void *item) {
    void **more = item == NULL ? NULL : realloc(list->items, (list->count + 1) * sizeof *more);
    if (more == NULL) {
        return false;
    }
    more[list->count++] = item;
    list->items = more;
    return true;
}

/* --- Fields ----------------------------------------------------------------------------------- */

static void field_free(CloudSyncField *field) {
    if (field != NULL) {
        free((char *)field->alias);
        free((char *)field->col_name);
        free(field);
    }
}

static CloudSyncField *field_copy(const CloudSyncField *from) {
    CloudSyncField *field = calloc(1, sizeof *field);
    if (field != NULL) {
        *field = *from;
        field->struct_size = sizeof *field;
        field->alias = strdup(from->alias);
        field->col_name = strdup(from->col_name);
        if (field->alias == NULL || field->col_name == NULL) {
            field_free(field);
            field = NULL;
        }
    }
    return field;
}

static bool field_learn(struct list *known, const CloudSyncField *described) {
    for (size_t i = 0; i < known->count; i++) {
        CloudSyncField *field = known->items[i];
        if (strcmp(field->alias, described->alias) == 0) {
            field->nullable |= described->nullable; /* an older application's rows are taken as well */
            return true;
        }
    }
    CloudSyncField *copy = field_copy(described);
    if (!list_add(known, copy)) {
        field_free(copy);
        return false;
    }
    return true;
}

/* --- Tables ----------------------------------------------------------------------------------- */

/* The form comes first: a pointer to it is one to the whole. */
struct table_schema {
    CloudSyncTable form;
    struct list fields;
};

static void table_free(struct table_schema *table) {
    if (table != NULL) {
        for (size_t i = 0; i < table->fields.count; i++) {
            field_free(table->fields.items[i]);
        }
        free(table->fields.items);
        free((char *)table->form.alias);
        free((char *)table->form.name);
        free(table);
    }
}

static struct table_schema *table_of(struct list *tables, const CloudSyncTable *described) {
    for (size_t i = 0; i < tables->count; i++) {
        struct table_schema *table = tables->items[i];
        if (strcmp(table->form.alias, described->alias) == 0) {
            return table;
        }
    }
    struct table_schema *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->form.struct_size = sizeof table->form;
    table->form.alias = strdup(described->alias);
    table->form.name = strdup(described->name);
    if (table->form.alias == NULL || table->form.name == NULL || !list_add(tables, table)) {
        table_free(table);
        return NULL;
    }
    return table;
}

static bool table_learn(struct list *tables, const CloudSyncTable *described) {
    struct table_schema *table = table_of(tables, described);
    bool learnt = table != NULL;
    for (size_t i = 0; learnt && i < described->field_count; i++) {
        learnt = field_learn(&table->fields, described->fields[i]);
    }
    if (table != NULL) {
        table->form.fields = (const CloudSyncField *const *)table->fields.items;
        table->form.field_count = table->fields.count;
    }
    return learnt;
}

/* --- Databases -------------------------------------------------------------------------------- */

struct schema {
    CloudSyncDatabase form; /* comes first, as above */
    struct list tables;
};

void schema_free(struct schema *schema) {
    if (schema != NULL) {
        for (size_t i = 0; i < schema->tables.count; i++) {
            table_free(schema->tables.items[i]);
        }
        free(schema->tables.items);
        free((char *)schema->form.alias);
        free((char *)schema->form.name);
        free(schema);
    }
}

bool schema_learn(struct schema **known, const CloudSyncDatabase *described) {
    struct schema *schema = *known;
    if (schema == NULL) {
        schema = calloc(1, sizeof *schema);
        if (schema == NULL) {
            return false;
        }
        *known = schema;
        schema->form.struct_size = sizeof schema->form;
        schema->form.alias = strdup(described->alias);
        schema->form.name = strdup(described->name);
    }
    bool learnt = schema->form.alias != NULL && schema->form.name != NULL;
    for (size_t i = 0; learnt && i < described->table_count; i++) {
        learnt = table_learn(&schema->tables, described->tables[i]);
    }
    schema->form.tables = (const CloudSyncTable *const *)schema->tables.items;
    schema->form.table_count = schema->tables.count;
    return learnt;
}

const CloudSyncDatabase *schema_form(const struct schema *schema) {
    return &schema->form;
}
