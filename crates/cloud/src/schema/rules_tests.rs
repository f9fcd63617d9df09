#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;
use crate::FieldName;

const TYPES: [FieldType; 8] = [
    FieldType::Null,
    FieldType::Number,
    FieldType::Real,
    FieldType::Text,
    FieldType::Bool,
    FieldType::Blob,
    FieldType::Asset,
    FieldType::Assets,
];

/// A value of each kind, in the order of the types that take them.
fn values() -> [CloudType; 8] {
    [
        CloudType::Null,
        CloudType::Int64(1),
        CloudType::Double(f64::NAN),
        CloudType::String(String::new()),
        CloudType::Bool(false),
        CloudType::Bytes(Vec::new()),
        CloudType::Asset(Box::default()),
        CloudType::Assets(Vec::new()),
    ]
}

fn field(name: &str, field_type: FieldType, primary: bool, nullable: bool) -> Field {
    Field { alias: name.into(), col_name: format!("here-{name}"), field_type, primary, nullable }
}

fn database(fields: Vec<Field>) -> Database {
    let table = Table { alias: "notes".into(), name: "here".into(), fields };
    Database { alias: "diary".into(), name: "here".into(), tables: vec![table] }
}

fn text<T: std::fmt::Debug>(answer: Result<T>) -> String {
    match answer.unwrap_err() {
        CloudError::InvalidArgument(text) => text,
        other => panic!("{other:?}"),
    }
}

/// What a row comes to.
fn judged(fields: Vec<Field>, row: Vec<(&str, CloudType)>) -> Result<()> {
    let row = row.into_iter().map(|(name, value)| (name.into(), value)).collect();
    Rules::new(&database(fields)).unwrap().table("notes").unwrap().unwrap().row(&row)
}

#[test]
fn each_type_takes_its_own_kind_and_no_other() {
    for (expected, field_type) in TYPES.into_iter().enumerate() {
        for (given, value) in values().into_iter().enumerate() {
            let answer = judged(vec![field("f", field_type, false, true)], vec![("f", value.clone())]);
            let fits = field_type == FieldType::Null || given == 0 || given == expected;
            assert_eq!(answer.is_ok(), fits, "{field_type:?} and {value:?}");
            if !fits {
                let text = text(answer);
                let (takes, found) = (words(field_type), words(TYPES[given]));
                let whole = format!(
                    "the field 'f' of the table 'notes' of the database 'diary' takes {takes}, and was given {found}: \
                     write {takes} there"
                );
                assert_eq!(text, whole);
            }
        }
    }
}

#[test]
fn what_must_be_there_is_named_where_it_is_not() {
    let number = |primary, nullable| vec![field("f", FieldType::Number, primary, nullable)];
    let null = || vec![("f", CloudType::Null)];
    for fits in [judged(number(false, true), vec![]), judged(number(false, true), null())] {
        fits.unwrap();
    }
    let place = "the field 'f' of the table 'notes' of the database 'diary'";
    for nullable in [false, true] {
        let key = "is part of the primary key, takes a whole number, never null, and";
        let wanted = |found| format!("{place} {key} {found}: write a whole number there");
        assert_eq!(text(judged(number(true, nullable), vec![])), wanted("is missing"));
        assert_eq!(text(judged(number(true, nullable), null())), wanted("was given null"));
    }
    let wanted =
        |found| format!("{place} takes a whole number, never null, and {found}: write a whole number there");
    assert_eq!(text(judged(number(false, false), vec![])), wanted("is missing"));
    assert_eq!(text(judged(number(false, false), null())), wanted("was given null"));
    let untyped = vec![field("f", FieldType::Null, false, false)];
    assert!(text(judged(untyped, null())).contains("takes any value, never null"));
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let fields = || vec![field("b", FieldType::Text, false, true), field("a", FieldType::Text, false, true)];
    let refused = text(judged(fields(), vec![("c", CloudType::Null)]));
    let place = "the table 'notes' of the database 'diary'";
    let advice = "leave it out, or add it to the schema";
    assert_eq!(refused, format!("{place} has no field 'c', it has 'a', 'b': {advice}"));
    let rules = Rules::new(&database(fields())).unwrap();
    let refused = text(rules.table("diary"));
    let advice = "use one of them, or add it to the schema";
    assert_eq!(refused, format!("the database 'diary' has no table 'diary', it has 'notes': {advice}"));
    assert!(rules.table("here").is_err(), "its name on the device is none in the cloud");
    let notes = rules.table("notes").unwrap().unwrap();
    notes.columns(&["b", "a", OWNER_FIELD]).unwrap();
    assert_eq!(
        text(notes.columns(&["b", "x"])),
        format!("{place} has no field 'x', it has 'a', 'b': ask for one of them")
    );
    let many = (0..20).map(|at| field(&format!("f{at:02}"), FieldType::Text, false, true)).collect();
    assert!(text(judged(many, vec![("x", CloudType::Null)])).contains("'f07' and 12 more"));
}

#[test]
fn what_a_cloud_adds_to_shared_records_may_come_back() {
    let fields = || vec![field("a", FieldType::Text, false, true)];
    let text = || CloudType::String("ann".into());
    judged(
        fields(),
        vec![(RESOURCE_FIELD, text()), (OWNER_FIELD, text()), (PRIVILEGE_FIELD, CloudType::Int64(2))],
    )
    .unwrap();
    assert!(judged(fields(), vec![(OWNER_FIELD, CloudType::Int64(2))]).is_err());
}

#[test]
fn what_is_not_described_goes() {
    let none = Rules::new(&Database { tables: Vec::new(), ..database(vec![]) }).unwrap();
    assert!(none.constrain_nothing());
    assert_eq!(none.table("any"), Ok(None));
    let any = Rules::new(&database(vec![])).unwrap();
    any.table("notes").unwrap().unwrap().row(&Row::from([("x".into(), CloudType::Bool(true))])).unwrap();
    any.table("notes").unwrap().unwrap().columns(&["x"]).unwrap();
    assert!(any.table("other").is_err());
}

#[test]
fn what_cannot_be_true_is_told() {
    let twice = vec![field("a", FieldType::Text, false, true), field("a", FieldType::Text, false, true)];
    assert!(
        text(Rules::new(&database(twice)))
            .ends_with("of the database 'diary' has a field 'a' twice: describe it once")
    );
    let nameless = Field { col_name: String::new(), ..field("", FieldType::Text, false, true) };
    assert!(text(Rules::new(&database(vec![nameless]))).contains("a field without a name"));
    let mut twice = database(vec![]);
    twice.tables.push(twice.tables[0].clone());
    assert!(text(Rules::new(&twice)).contains("the database 'diary' has a table 'notes' twice"));
    twice.tables[1] = Table { alias: String::new(), name: String::new(), fields: vec![] };
    assert!(text(Rules::new(&twice)).contains("a table without a name"));
}

fn a_field() -> impl Strategy<Value = Field> {
    ("[a-e]", 0..TYPES.len(), any::<bool>(), any::<bool>())
        .prop_map(|(name, at, primary, nullable)| field(&name, TYPES[at], primary, nullable))
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    prop::collection::vec(a_field(), 1..5).prop_map(|mut fields| {
        let mut seen = std::collections::BTreeSet::new();
        fields.retain(|field| seen.insert(field.alias.clone()));
        fields
    })
}

fn rows() -> impl Strategy<Value = Row> {
    let value = (0..8_usize).prop_map(|at| values()[at].clone());
    prop::collection::btree_map("[a-f]".prop_map(FieldName::from), value, 0..6)
}

/// Whether a row fits, as one would say it without minding the time.
fn fits(fields: &[Field], row: &Row) -> bool {
    let known = |name: &FieldName| fields.iter().any(|field| field.alias == *name);
    let good = |field: &Field| match row.get(field.alias.as_str()) {
        None | Some(CloudType::Null) => !field.primary && field.nullable,
        Some(value) => {
            let at = values()
                .iter()
                .position(|kind| std::mem::discriminant(kind) == std::mem::discriminant(value));
            field.field_type == FieldType::Null || at.map(|at| TYPES[at]) == Some(field.field_type)
        }
    };
    row.keys().all(known) && fields.iter().all(good)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_judged_as_the_description_says(fields in fields(), row in rows()) {
        let rules = Rules::new(&database(fields.clone())).unwrap();
        let answer = rules.table("notes").unwrap().unwrap().row(&row);
        prop_assert_eq!(answer.is_ok(), fits(&fields, &row), "{:?}", answer);
    }

    /// What grows takes nothing away, and takes what it grew by.
    #[test]
    fn what_fits_goes_on_fitting(old in fields(), new in fields(), row in rows()) {
        let (old, new) = (database(old), database(new));
        if let Ok(grown) = old.grown(&new) {
            let judge = |database: &Database| Rules::new(database).unwrap().tables[0].row(&row).is_ok();
            prop_assert!(!judge(&old) || judge(&grown), "{:?}", grown);
            prop_assert!(!judge(&new) || judge(&grown), "{:?}", grown);
            prop_assert_eq!(grown.grown(&old), Ok(grown.clone()));
            prop_assert_eq!(grown.grown(&new), Ok(grown.clone()));
        }
    }

    /// Rows of a description that fits are never refused for it, but for a value where no type was described.
    #[test]
    fn what_is_found_to_fit_fits(cloud in fields(), described in fields(), row in rows()) {
        let typed = described.iter().all(|field| field.field_type != FieldType::Null);
        let (cloud, described) = (Rules::new(&database(cloud)).unwrap(), database(described));
        let own = Rules::new(&described).unwrap();
        if typed && cloud.fit(&described).is_ok() && own.tables[0].row(&row).is_ok() {
            prop_assert_eq!(cloud.tables[0].row(&row), Ok(()));
        }
    }
}

fn grown(known: Vec<Field>, described: Vec<Field>) -> Result<Vec<Field>> {
    Ok(database(known).grown(&database(described))?.tables.remove(0).fields)
}

#[test]
fn a_description_grows_and_never_shrinks() {
    let a = |nullable| field("a", FieldType::Text, false, nullable);
    let b = |nullable| field("b", FieldType::Number, false, nullable);
    assert_eq!(grown(vec![a(true)], vec![b(true)]), Ok(vec![a(true), b(true)]));
    assert_eq!(grown(vec![a(false)], vec![a(true)]), Ok(vec![a(true)]), "it may be null now");
    assert_eq!(grown(vec![a(true)], vec![a(false)]), Ok(vec![a(true)]));
    assert_eq!(grown(vec![], vec![a(false)]), Ok(vec![a(false)]), "described for the first time");
    assert_eq!(grown(vec![a(false)], vec![]), Ok(vec![a(false)]));
    let elsewhere = Field { col_name: "another name here".into(), ..a(true) };
    assert_eq!(grown(vec![a(true)], vec![elsewhere]), Ok(vec![a(true)]));
    let place = "of the table 'notes' of the database 'diary'";
    let said = text(grown(vec![a(true)], vec![a(true), b(false)]));
    assert!(said.starts_with(&format!("the field 'b' {place} is new and may never be null")), "{said}");
    let said = text(grown(vec![a(true)], vec![Field { field_type: FieldType::Blob, ..a(true) }]));
    assert!(
        said.starts_with(&format!("the field 'a' {place} takes a text and was described with bytes")),
        "{said}"
    );
    let said = text(grown(vec![a(true)], vec![Field { primary: true, ..a(true) }]));
    assert!(said.contains("'a'") && said.contains("is no part of the primary key"), "{said}");
    let said = text(grown(vec![a(false)], vec![b(true)]));
    assert!(said.starts_with(&format!("the field 'a' {place}")) && said.contains("left out"), "{said}");
}
