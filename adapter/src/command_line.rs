//! The command line: its commands, and what each prints.

use std::process::ExitCode;

use adapter::{
    Cascade, CollectionName, Error, Installed, Session, Status, Wanted, install, installed, plan,
    remove, status,
};
use clap::{Args, Parser, Subcommand};
use postgres::PostgresUrl;
use runtime::{EX_USAGE, chain};
use tokio::runtime::Builder;

/// Makes the fence and the change feed of a collection in the database of a PostgreSQL application that is not ours.
#[derive(Parser)]
#[command(name = "adapter", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the triggers and tables of a collection, while the application goes on.
    ///
    /// It can be interrupted and run again. No writer waits longer than a second for it.
    Install(InstallArgs),
    /// Remove everything that install made, while the application goes on.
    Remove(CollectionArgs),
    /// Say what is installed, and what is not as it must be.
    ///
    /// Exits 1 if something is not as it must be.
    Status(DatabaseArgs),
}

#[derive(Args)]
struct DatabaseArgs {
    /// The database, with the role that owns its tables: postgres://USER:PASSWORD@HOST:PORT/NAME.
    #[arg(long, value_name = "URL")]
    database: String,
    /// The schema of everything that is made. It is made too, unless it is there.
    #[arg(long, default_value = "banyan", value_name = "NAME")]
    schema: String,
}

#[derive(Args)]
struct CollectionArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The path of the collection in the application, such as /api/products.
    #[arg(long, value_name = "PATH")]
    path: String,
}

#[derive(Args)]
struct InstallArgs {
    #[command(flatten)]
    collection: CollectionArgs,
    /// A table of the collection. Name each; all of them are fenced and followed as one.
    #[arg(long = "table", required = true, value_name = "TABLE")]
    tables: Vec<String>,
    /// The columns of the table's primary key, with commas between them. Once for each table, or not at all: then the primary
    /// key is looked up.
    #[arg(long = "key", value_name = "COLUMNS")]
    keys: Vec<String>,
    /// Print the SQL, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Work(#[from] Error),
}

/// Runs the command of this process. Exits 64 for a command that cannot be understood, 1 for one that failed.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // If the terminal is gone, there is nothing to tell it.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EX_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let runtime = Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(cli.command)),
        Err(error) => Err(Failure::Usage(format!("no runtime: {error}"))),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            let usage = matches!(failure, Failure::Usage(_));
            eprintln!("adapter: {}", chain(&failure));
            if usage { ExitCode::from(EX_USAGE) } else { ExitCode::FAILURE }
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Install(args) => {
            let (session, wanted) = (open(&args.collection.database).await?, wanted(&args)?);
            if args.dry_run {
                print!("{}", plan(&session, &wanted).await?);
                return Ok(ExitCode::SUCCESS);
            }
            say_installed(&install(&session, &wanted).await?);
        }
        Command::Remove(args) => {
            let name = name(&args.path)?;
            let session = open(&args.database).await?;
            if let Some(found) = status(&session, &args.database.schema, &name).await?
                && found.path != args.path
            {
                return Err(Failure::Usage(format!(
                    "{name} is installed for the path {}, not {}; nothing was removed",
                    found.path, args.path
                )));
            }
            match remove(&session, &args.database.schema, &name).await? {
                true => println!("{name} is removed; nothing of it is left"),
                false => println!("{name} is not installed in the schema {}", args.database.schema),
            }
        }
        Command::Status(args) => return say_status(&args).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn wanted(args: &InstallArgs) -> Result<Wanted, Failure> {
    let path = &args.collection.path;
    if !args.keys.is_empty() && args.keys.len() != args.tables.len() {
        return Err(Failure::Usage("--key stands once for each --table, or not at all".to_owned()));
    }
    let columns = |key: &String| key.split(',').map(|column| column.trim().to_owned()).collect();
    Ok(Wanted {
        schema: args.collection.database.schema.clone(),
        name: name(path)?,
        path: path.clone(),
        tables: args.tables.clone(),
        keys: args.keys.iter().map(columns).collect(),
    })
}

fn name(path: &str) -> Result<CollectionName, Failure> {
    CollectionName::in_path(path)
        .map_err(|wrong| Failure::Usage(format!("--path {path:?}: {wrong}")))
}

async fn open(args: &DatabaseArgs) -> Result<Session, Failure> {
    let url = args.database.parse::<PostgresUrl>();
    // The text may hold a password, so it is not shown.
    let url = url.map_err(|wrong| Failure::Usage(format!("--database: {wrong}")))?;
    Ok(Session::open(&url).await?)
}

fn say_installed(Installed { collection, tables, again, keys }: &Installed) {
    let (name, schema) = (&collection.name, &collection.schema);
    println!("{name} is installed in the schema {schema}");
    println!("  tables that got triggers: {tables}");
    if *again {
        println!("  they lacked triggers for a while, so all their rows were read again");
    }
    println!("  keys read into the feed: {keys}");
}

async fn say_status(args: &DatabaseArgs) -> Result<ExitCode, Failure> {
    let session = open(args).await?;
    let names = installed(&session, &args.schema).await?;
    if names.is_empty() {
        println!("nothing is installed in the schema {}", args.schema);
    }
    let mut code = ExitCode::SUCCESS;
    for name in names {
        let Some(Status { collection, faults, cascades, .. }) =
            status(&session, &args.schema, &name).await?
        else {
            continue;
        };
        let members = collection.iter().flat_map(|collection| &collection.members);
        let tables = members.map(|member| format!("{}.{}", member.schema, member.name));
        println!("{name}: {}", tables.collect::<Vec<_>>().join(", "));
        for Cascade { parent, child, constraint, action } in &cascades {
            println!(
                "  {child} follows {parent} ({constraint} {action}): while {name} does not take writes here, these \
                 changes of {parent} are refused, even those that find no row in {child}"
            );
        }
        for fault in &faults {
            println!("  {fault}");
            code = ExitCode::FAILURE;
        }
        if faults.is_empty() {
            println!("  installed; every table has its triggers");
        } else {
            println!("  run adapter install again, or adapter remove");
        }
    }
    Ok(code)
}
