package postgres_test

import (
	"context"
	"fmt"

	"gristmill"
	"gristmill/store/postgres"
)

func ExampleOpen() {
	// SQLAlchemy's spelling is read too; nothing listens on port 1.
	_, err := postgres.Open(context.Background(), postgres.Config{DSN: "postgresql+psycopg2://grist:mill@127.0.0.1:1/gristmill"})
	fmt.Println(gristmill.KindOf(err))
	fmt.Println(gristmill.Public(err))
	// Output:
	// unavailable
	// open database: the database does not answer
}
